"""Values as they may be printed: short, and without what may be a secret."""

from __future__ import annotations

import json
import re
from typing import Any

HIDDEN = "<secret>"
_LONGEST = 80
_LONGEST_FILE_NAME = 255


def shown(value: Any) -> str:
    """A value of a configuration for an error message."""
    if value is None:
        return "no value"
    if isinstance(value, dict | list):
        kind = "mapping" if isinstance(value, dict) else "list"
        return f"a {kind} of {len(value)}" if value else f"an empty {kind}"
    text = json.dumps(masked(value) if isinstance(value, str) else value, ensure_ascii=False, default=str)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 3] + "…"


def masked(text: str) -> str:
    """A URL without user, password, query and fragment: each has been used to carry a secret. Any ``@`` counts: a user
    may be an e-mail address."""
    text = re.sub(r"://(?:[^/]*:.*|[^/\s]*)@", f"://{HIDDEN}@", text, flags=re.DOTALL)
    return re.sub(r"(://[^?#]*[?#]).+", rf"\1{HIDDEN}", text, flags=re.DOTALL)


def has_password(url: str) -> bool:
    """Whether a database URL carries a password, before the host or as a parameter."""
    return (
        re.search(r"://(?:[^/@]*:.*|[^/]*:[^/]*)@|[?&](?:ssl)?password=", url, flags=re.DOTALL | re.IGNORECASE)
        is not None
    )


def is_file_name(text: str) -> bool:
    """Whether this can be the name of a file. If not, somebody may have put the secret itself there."""
    return text.isprintable() and all(len(part) <= _LONGEST_FILE_NAME for part in text.split("/"))
