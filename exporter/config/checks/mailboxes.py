"""Mailboxes: reached over TLS, told apart where several integrations share one, and patterns that can be read."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from exporter.config import defaults
from exporter.config.draft import Draft, value_at
from exporter.config.finding import Finding
from exporter.config.masking import is_file_name, shown
from exporter.config.urls import is_loopback, is_safe_url
from exporter.config.yaml_document import DocumentPath


def unsafe_mailboxes(draft: Draft) -> Iterator[Finding]:
    """Every host is a host and no more, and no password goes anywhere in the clear but to this machine itself."""
    for path, entry in draft.sections("mailbox"):
        host = entry.get("host")
        if not isinstance(host, str) or not host:
            continue
        if not is_safe_url(f"https://{_bracketed(host)}") or host.endswith("/"):
            yield Finding(
                (*path, "host"), f"got {shown(host)}", "the name or address of the mail server alone, without port"
            )
        elif entry.get("tls") == "off" and not is_loopback(host):
            yield Finding(
                (*path, "tls"),
                f"got off for {shown(host)}",
                "implicit or starttls: only on loopback may it be off",
            )


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def senseless_accounts(draft: Draft) -> Iterator[Finding]:
    """An account that is no id is a regular expression."""
    for path, entry in draft.sections("mailbox"):
        account = entry.get("account")
        if isinstance(account, str) and not _compiles(account):
            yield Finding((*path, "account"), f"got {shown(account)}", "an account id or a regular expression")


def _compiles(text: str) -> bool:
    try:
        re.compile(text)
    except (re.error, OverflowError, RecursionError):
        return False
    return True


def unusable_patterns(draft: Draft) -> Iterator[Finding]:
    """A file of patterns holds such."""
    for path, entry in draft.sections("mailbox"):
        name = entry.get("patterns_file")
        if not isinstance(name, str) or not name:
            continue
        if not is_file_name(name):
            yield Finding((*path, "patterns_file"), "got text that is no path", "the path of a file")
            continue
        from exporter.mail.patterns import load_patterns  # noqa: PLC0415  most have none

        try:
            load_patterns(draft.folder / name)
        except ValueError as error:
            reason = str(error).removeprefix(f"{draft.folder / name}: ")
            got = f"got {shown(name)}: {reason}"
            yield Finding((*path, "patterns_file"), got, "a file of patterns, as README.md describes it")


def mixed_up_mailboxes(draft: Draft) -> Iterator[Finding]:
    """Integrations that read the same folder can be told apart: each by an account of its own."""
    integrations = draft.section("integrations")
    sharing: dict[tuple[Any, ...], list[tuple[DocumentPath, str | None]]] = defaultdict(list)
    for path, entry in draft.sections("mailbox"):
        tls = entry.get("tls", defaults.MAILBOX_TLS)
        port = entry.get("port", defaults.MAILBOX_PORTS.get(tls) if isinstance(tls, str) else None)
        host = entry.get("host")
        named = host.casefold() if isinstance(host, str) else host
        place = (named, port, entry.get("username"), entry.get("folder", defaults.MAILBOX_FOLDER))
        if all(isinstance(part, str | int) for part in place):
            sharing[place].append((path, _told_apart_by(integrations[int(path[1])], entry)))
    for shared in sharing.values():
        for at, (path, account) in enumerate(shared):
            if len(shared) > 1 and account is None:
                yield Finding(
                    path, "several integrations read this folder", "account, which tells this one's e-mails apart"
                )
            elif account is not None and account in [other for _path, other in shared[:at]]:
                yield Finding(
                    (*path, "account"), f"got {shown(account)} again", "an account that no other one of the folder has"
                )


def _told_apart_by(integration: Any, entry: Any) -> str | None:
    """What stands for the account: what is configured, or the token that tells HubSpot's id of it."""
    account = entry.get("account")
    if isinstance(account, str | int):
        return str(account)
    tokens = [value_at(integration, ("hubspot", key)) for key in ("token_file", "token_env")]
    return next((f"the account of the token in {token}" for token in tokens if isinstance(token, str)), None)
