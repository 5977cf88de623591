"""Which requests need no user name and password where ``basic_auth_users`` are configured.

Both would stand in the one header ``Authorization``, of which Alertmanager, Grafana and curl send one. So a token is
enough where one is demanded in any case.
"""

from __future__ import annotations

from collections.abc import Sequence

from starlette.requests import Request

from exporter.config.secret import Secret
from exporter.web.bearer import why_denied
from exporter.web.webhook import is_webhook

_API = "/api/v1/"
_WRITING = ("POST", "PUT")


def needs_no_user(request: Request, api_tokens: Sequence[Secret]) -> bool:
    """By the path that is routed by: an address is made with ``Host``, which holds what a client likes to say.

    Whatever writes, as its endpoint judges the token of each request before anything else; and who brings the API's
    token also reads the API with it, to see what has become of an order."""
    path = request.scope["path"]
    if request.method in _WRITING:
        return path.startswith(_API) or is_webhook(path)
    return path.startswith(_API) and why_denied(request, api_tokens) is None
