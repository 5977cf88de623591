"""Secrets are read where they stand, when they are needed."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from exporter.cli import main
from exporter.config.secret import UNREADABLE, Secret, why_unreadable, why_unsendable
from tests.config.conftest import SMALL, Load, private_key


def test_a_secret_is_read_when_it_is_needed(load: Load, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A rotated file or variable works without a restart; white space around it does not count."""
    monkeypatch.setenv("BRIDGE_TOKEN", " from-the-environment ")
    feed = {"url": "https://bridge.example", "token_env": "BRIDGE_TOKEN"}
    config = load(
        {
            "integrations": [{"name": "acme", "sync_health": feed}],
            "remediation": {"webhook_token_file": "secret"},
        }
    )
    assert config.integrations[0].sync_health is not None
    assert config.integrations[0].sync_health.token is not None
    assert config.integrations[0].sync_health.token.read() == "from-the-environment"
    (token,) = config.remediation.webhook_tokens
    assert token.read() == "a-secret"
    (tmp_path / "secret").write_text("rotated\n")
    assert token.read() == "rotated"
    assert "rotated" not in repr(config)
    assert "from-the-environment" not in repr(config)


def test_a_secret_that_is_gone_says_so(load: Load, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It was there when the file was checked; whoever reads it later must be ready for this."""
    with pytest.raises(FileNotFoundError):
        Secret(file=tmp_path / "gone").read()
    monkeypatch.delenv("NOT_SET_ANYWHERE", raising=False)
    with pytest.raises(KeyError, match="NOT_SET_ANYWHERE"):
        Secret(env="NOT_SET_ANYWHERE").read()


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbfa-secret\r\n",
        b"\xef\xbb\xbfa-secret",
        b"a-secret\r\n\r\n",
        b" \t a-secret \n",
        b"\xef\xbb\xbf\r\na-secret\r\n",
        b"\xef\xbb\xbf\xef\xbb\xbfa-secret",
        b" \r\n\xef\xbb\xbf a-secret",
        b"a-secret\xef\xbb\xbf\r\n",
    ],
)
def test_what_windows_programs_add_is_no_part_of_a_secret(content: bytes, tmp_path: Path) -> None:
    """A byte order mark in front, CRLF at the end."""
    (tmp_path / "secret").write_bytes(content)
    assert Secret(file=tmp_path / "secret").read() == "a-secret"


def test_a_mark_in_a_variable_is_no_part_of_it_either(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever filled it from such a file."""
    monkeypatch.setenv("A_TOKEN", "\ufeffa-secret\r\n")
    assert Secret(env="A_TOKEN").read() == "a-secret"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("hunter2".encode("utf-16"), "it is UTF-16"),
        (b"\xfe\xff" + "hunter2".encode("utf-16-be"), "it is UTF-16"),
        ("hunter2".encode("utf-16-le"), "it has NUL bytes, as UTF-16 has, and a key store or a key in DER form"),
        ("hunter2-é".encode("latin-1"), "it is not UTF-8"),
    ],
)
def test_what_is_no_utf_8_is_said_without_its_text(
    content: bytes, reason: str, load: Load, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """By check-config with the file's name, and by whoever reads it later; the error carries nothing of it."""
    load(SMALL)
    (tmp_path / "secret").write_bytes(content)
    with pytest.raises(UNREADABLE) as caught:
        Secret(file=tmp_path / "secret").read()
    assert why_unreadable(caught.value) == reason
    assert caught.value.__context__ is None
    assert "hunter2" not in repr(caught.value)
    _write(tmp_path, {**SMALL, "remediation": {"webhook_token_file": "secret"}})
    assert main(["check-config", str(tmp_path / "exporter.yml")]) == 1
    said = capsys.readouterr().err
    assert f'"{tmp_path}/secret" is not text ({reason})' in said
    assert "hunter2" not in said


def _write(folder: Path, data: dict[str, Any]) -> None:
    (folder / "exporter.yml").write_text(json.dumps(data))


@pytest.mark.parametrize(
    ("token", "reason"),
    [
        ("hunter2\x07", "holds a control character"),
        ("hunter2\x7f", "holds a control character"),
        ("hunter2-é", "holds a character that is not ASCII"),
        ("hunter2\u200b", "holds a character that is not ASCII"),
        ("hunter2\u00a0x", "holds a character that is not ASCII"),
        ("hunter2 x", "has white space or a line break inside"),
        ("hunter2\nx", "has white space or a line break inside"),
        ("hunter2\tx", "has white space or a line break inside"),
    ],
)
@pytest.mark.parametrize("key", ["hubspot", "sync_health", "remediation"])
def test_a_token_that_no_header_can_carry_is_found_before_it_is_sent(
    token: str, reason: str, key: str, load: Load, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """In every place a token is configured, without a word of it."""
    load(SMALL)
    (tmp_path / "token").write_text(token)
    entry: dict[str, Any] = {"name": "acme", "sync_health": {"url": "https://bridge.example"}, "hubspot": {}}
    data: dict[str, Any] = {"integrations": [entry], "remediation": {}}
    if key == "remediation":
        data[key]["webhook_token_file"] = "token"
    else:
        entry[key]["token_file"] = "token"
    _write(tmp_path, data)
    assert main(["check-config", str(tmp_path / "exporter.yml")]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert f'"{tmp_path}/token" {reason}; expected a token that an HTTP header can carry, on one line' in line
    assert "hunter2" not in line
    assert why_unsendable("a-good-token.~+/=_1") is None
    assert why_unsendable("") == "is empty"


@pytest.mark.parametrize(
    ("text", "code"), [("\\n".join(private_key().splitlines()), 0), (private_key()[:400], 1)], ids=["\\n", "half"]
)
def test_a_private_key_is_tried_before_the_first_login(
    text: str,
    code: int,
    load: Load,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A literal ``\\n`` between its lines is what a variable holds; half a key is found without a network."""
    load(SMALL)
    monkeypatch.setenv("A_KEY", text)
    flow = {"jwt_bearer": {"client_id": "an-id", "username": "me", "private_key_env": "A_KEY"}}
    salesforce = {"url": "https://acme.my.salesforce.com", "auth": flow}
    _write(tmp_path, {"integrations": [{"name": "acme", "salesforce": salesforce}]})
    assert main(["check-config", str(tmp_path / "exporter.yml")]) == code
    said = capsys.readouterr().err
    assert ("is no private key: cut short" in said) == (code == 1)
    assert text[40:80] not in said


def test_a_secret_that_is_no_token_may_be_any_text(load: Load, tmp_path: Path) -> None:
    """A client secret goes into a form, a password into its own protocol: they may hold spaces and umlauts."""
    load(SMALL)
    (tmp_path / "any").write_text("pass wörd")
    flow = {"client_credentials": {"client_id": "an-id", "client_secret_file": "any"}}
    salesforce = {"url": "https://acme.my.salesforce.com", "auth": flow}
    config = load({"integrations": [{"name": "acme", "salesforce": salesforce}], "store_password_file": "any"})
    assert config.store_password is not None
    assert config.store_password.read() == "pass wörd"


@pytest.mark.parametrize("text", ["hunter2\nx", "hunter2\u200b", "hun\u00adter2", "hunter2\x1a", "hun\ufeffter2"])
@pytest.mark.parametrize("key", ["client_secret", "store_password"])
def test_what_nobody_sees_is_in_no_secret(
    text: str, key: str, load: Load, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It was copied along with it from a page or a program, and would be refused as a wrong secret."""
    load(SMALL)
    (tmp_path / "any").write_text(text)
    (tmp_path / "good").write_text("good")
    client_secret = "any" if key == "client_secret" else "good"
    flow = {"client_credentials": {"client_id": "an-id", "client_secret_file": client_secret}}
    salesforce = {"url": "https://acme.my.salesforce.com", "auth": flow}
    password = {"store_password_file": "any"} if key == "store_password" else {}
    _write(tmp_path, {"integrations": [{"name": "acme", "salesforce": salesforce}], **password})
    assert main(["check-config", str(tmp_path / "exporter.yml")]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert f"{key}_file: " in line
    assert f'"{tmp_path}/any" holds a line break or an invisible character; expected the secret alone, on one' in line
    assert "hunter2" not in line


def test_a_pipe_is_no_place_for_a_secret(load: Load, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It is empty when it is read for the second time, and reading it may never end."""
    load(SMALL)
    os.mkfifo(tmp_path / "pipe")
    _write(tmp_path, {**SMALL, "remediation": {"webhook_token_file": "pipe"}})
    assert main(["check-config", str(tmp_path / "exporter.yml")]) == 1
    assert f'cannot read "{tmp_path}/pipe" (Not a regular file); expected a readable file' in capsys.readouterr().err
