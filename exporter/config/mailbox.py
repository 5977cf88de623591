"""Reads the section ``mailbox`` of an integration."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from exporter.config import defaults
from exporter.config.secret import Secret
from exporter.config.settings import Integration, Mailbox

CREDENTIALS = ("password_file", "password_env", "access_token_file", "access_token_env")
"""Exactly one of these stands there."""


def mailbox_of(entry: Mapping[str, Any], folder: Path) -> Mailbox:
    """The port is that of the way in, where none is given."""
    tls = entry.get("tls", defaults.MAILBOX_TLS)
    port = entry.get("port", defaults.MAILBOX_PORTS[tls])
    key = next(key for key in CREDENTIALS if key in entry)
    return Mailbox(
        host=entry["host"],
        port=int(port),
        tls=tls,
        username=entry["username"],
        credential=Secret(file=folder / entry[key]) if key.endswith("_file") else Secret(env=entry[key]),
        is_token=key.startswith("access_token"),
        folder=entry.get("folder", defaults.MAILBOX_FOLDER),
        patterns_file=folder / entry["patterns_file"] if "patterns_file" in entry else None,
        account=str(entry["account"]) if "account" in entry else None,
        senders=tuple(entry["from"]) if "from" in entry else None,
    )


def knowing_of_one_another(integrations: Iterable[Integration]) -> tuple[Integration, ...]:
    """Those whose mailbox is another one's too know that it is."""
    all_of_them = tuple(integrations)
    readers = Counter(entry.mailbox.place for entry in all_of_them if entry.mailbox)
    return tuple(
        replace(entry, mailbox=replace(entry.mailbox, shared=True))
        if entry.mailbox and readers[entry.mailbox.place] > 1
        else entry
        for entry in all_of_them
    )
