"""The section ``hook`` of an integration's remediation."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from exporter.config.settings import Hook
from tests.config.conftest import SMALL, Load

URL = "https://hook.example/resync/"


def with_hook(action: str | None = "hook", **hook: Any) -> dict[str, Any]:
    named = {} if action is None else {"action": action}
    entry = {**SMALL["integrations"][0], "remediation": {**named, "hook": {"url": URL, **hook}}}
    return {"integrations": [entry]}


def hook_of(load: Load, **hook: Any) -> Hook:
    found = load(with_hook(**hook)).integrations[0].remediation.hook
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("hook", "texts"),
    [
        ({"secret_file": "secret"}, ["a-secret"]),
        ({"secret_file": ["newer", "secret"]}, ["a-newer-one", "a-secret"]),
        ({"secret_env": "NEWER"}, ["from-a-variable"]),
        ({"secret_env": ["NEWER", "OLDER"]}, ["from-a-variable", "before"]),
    ],
)
def test_it_has_one_secret_or_two(
    load: Load, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hook: dict[str, Any], texts: list[str]
) -> None:
    """In files or in variables, the newest first, read when needed and never shown."""
    (tmp_path / "newer").write_text("a-newer-one\n")
    monkeypatch.setenv("NEWER", "from-a-variable")
    monkeypatch.setenv("OLDER", "before ")
    found = hook_of(load, **hook)
    assert [secret.read() for secret in found.secrets] == texts
    assert not [text for text in texts if text in repr(found)]


def test_its_url_stays_as_it_is_written_and_its_timeout_may_be_left_out(load: Load) -> None:
    """A slash at the end may matter there; ten seconds are the default."""
    assert (hook_of(load, secret_file="secret").url, hook_of(load, secret_file="secret").timeout) == (URL, 10.0)
    assert hook_of(load, secret_file="secret", timeout="1m").timeout == 60.0


MAILBOX = {"host": "imap.example", "username": "me", "password_file": "secret"}


@pytest.mark.parametrize(
    ("action", "changed", "note"),
    [
        ("hook", {}, None),
        ("bridge", {}, "acme: remediation.hook is not used: neither remediation.action nor a policy names it"),
        (None, {}, "acme: remediation.hook is not used: neither remediation.action nor a policy names it"),
        ("hook", {"sync_health": {"directory": "dropped"}, "mailbox": MAILBOX}, None),
    ],
)
def test_a_hook_that_is_told_nothing_is_said_aloud(
    load: Load, action: str | None, changed: dict[str, Any], note: str | None
) -> None:
    """Because nobody names it, or because nobody lists errors."""
    data = with_hook(action, secret_file="secret")
    data["integrations"][0].update(changed)
    assert load(data).notes == (() if note is None else (note,))


def test_a_policy_may_name_it(load: Load) -> None:
    """Then it is told although the integration's own action is another."""
    policy = {"alert": "HubSpotSalesforceSyncErrors", "on": "firing", "categories": ["other"], "action": "hook"}
    assert load({**with_hook("bridge", secret_file="secret"), "remediation": {"policies": [policy]}}).notes == ()
