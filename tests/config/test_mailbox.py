"""The section ``mailbox`` of an integration."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from exporter.config.settings import Mailbox
from tests.config.conftest import Load


def mailbox_of(load: Load, **keys: Any) -> Mailbox:
    entry = {"host": "imap.example", "username": "crm@acme.example", "password_file": "secret", **keys}
    found = load({"integrations": [{"name": "acme", "mailbox": entry}]}).integrations[0].mailbox
    assert found is not None
    return found


def test_what_is_left_out_has_its_default(load: Load) -> None:
    """TLS from the first byte, the inbox, the account that HubSpot tells, the senders and patterns that ship."""
    found = mailbox_of(load)
    assert (found.tls, found.port, found.folder) == ("implicit", 993, "INBOX")
    assert (found.account, found.senders, found.patterns_file) == (None, None, None)
    assert (found.credential.read(), found.is_token) == ("a-secret", False)


@pytest.mark.parametrize(("tls", "port"), [("implicit", 993), ("starttls", 143)])
def test_the_port_is_that_of_the_way_in(load: Load, tls: str, port: int) -> None:
    """As RFC 8314 says; another one can be named."""
    assert mailbox_of(load, tls=tls).port == port
    assert mailbox_of(load, tls=tls, port=1143).port == 1143


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1"])
@pytest.mark.parametrize("off", ["off", "'off'"])
def test_only_on_loopback_there_may_be_no_tls(load: Load, host: str, off: str) -> None:
    """Nobody reads along there; with and without quotes."""
    text = f"{{host: '{host}', username: me, password_file: secret, tls: {off}}}"
    found = load(f"integrations: [{{name: acme, mailbox: {text}}}]").integrations[0].mailbox
    assert found is not None
    assert (found.tls, found.port) == ("off", 143)


def test_a_bearer_token_stands_in_the_place_of_a_password(load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a file or a variable."""
    monkeypatch.setenv("TOKEN", "ya29.token")
    text = "integrations: [{{name: acme, mailbox: {{host: imap.example, username: me, {}}}}}]"
    for key, token in (("access_token_file: secret", "a-secret"), ("access_token_env: TOKEN", "ya29.token")):
        found = load(text.format(key)).integrations[0].mailbox
        assert found is not None
        assert (found.credential.read(), found.is_token) == (token, True)


@pytest.mark.parametrize("account", [12345678, "12345678", "portal/(?:123|456)/"])
def test_an_account_is_an_id_or_a_pattern(load: Load, account: str | int) -> None:
    """With or without quotes."""
    assert mailbox_of(load, account=account).account == str(account)


def test_patterns_stand_beside_the_configuration_and_are_no_secret(load: Load, tmp_path: Path) -> None:
    """So they may have as many lines as they need."""
    (tmp_path / "patterns.yaml").write_text("languages:\n  en:\n    suspended: [is suspended]\n")
    assert mailbox_of(load, patterns_file="patterns.yaml").patterns_file == tmp_path / "patterns.yaml"


def test_integrations_that_share_a_folder_are_told_apart_by_their_tokens(load: Load) -> None:
    """Each token tells the id of its account."""
    mailbox = {"host": "imap.example", "username": "me", "password_file": "secret"}
    entries = [
        {"name": "acme", "hubspot": {"token_file": "secret"}, "mailbox": mailbox},
        {"name": "beta", "mailbox": {**mailbox, "account": "456"}},
        {"name": "gamma", "mailbox": {**mailbox, "folder": "Gamma"}},
    ]
    assert len(load({"integrations": entries}).integrations) == 3
