"""What the pages for people have in common: templates that escape everything, one style, one script, and headers under
which a browser runs and fetches nothing else, and shows them in nobody's frame."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

from starlette.responses import HTMLResponse

from exporter import __version__
from exporter.clock import format_timestamp

if TYPE_CHECKING:
    import jinja2

_FILES = resources.files("exporter.web.pages")
_STYLE = (_FILES / "style.css").read_text(encoding="utf-8")
_SCRIPT = (_FILES / "integration.js").read_text(encoding="utf-8")


def _source(text: str) -> str:
    """Names a text that stands in the page itself. By its hash, so that nothing else written into the page runs, and
    a page of one replica needs no file of another's version."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


POLICY = "; ".join(
    (
        "default-src 'none'",
        f"style-src {_source(_STYLE)}",
        f"script-src {_source(_SCRIPT)}",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)

HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}
"""Records of customers stand on the pages: nobody keeps a copy, and where a link leads nobody hears from where."""


@cache
def _templates() -> jinja2.Environment:
    import jinja2  # noqa: PLC0415  a machine that is only scraped needs none

    return jinja2.Environment(
        loader=jinja2.PackageLoader("exporter.web.pages", "."), autoescape=True, undefined=jinja2.StrictUndefined
    )


def rendered(template: str, now: float, **values: object) -> str:
    """A page at a time; ``values`` are what its template names."""
    from markupsafe import Markup  # noqa: PLC0415

    return (
        _templates()
        .get_template(template)
        .render(
            style=Markup(_STYLE),  # noqa: S704  our own files, and what their hashes are made of
            script=Markup(_SCRIPT),  # noqa: S704
            version=__version__,
            now=format_timestamp(now),
            **values,
        )
    )


def answered(page: str, status: int = 200) -> HTMLResponse:
    """A page as an answer."""
    return HTMLResponse(page, status, HEADERS)
