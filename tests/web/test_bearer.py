"""Who may post notifications."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
import structlog

from exporter.config.file import load_config
from tests.conftest import WEBHOOK_TOKEN, Start, client_of
from tests.remediation.payloads import alert, notification
from tests.web.conftest import WEBHOOK, Counted, bearer


async def status_of(http: httpx.AsyncClient, headers: dict[str, str]) -> int:
    return (await http.post(WEBHOOK, json=notification(alert()), headers=headers)).status_code


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": ""},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer "},
        {"Authorization": WEBHOOK_TOKEN},
        {"Authorization": f"Basic {WEBHOOK_TOKEN}"},
        {"Authorization": f"Bearer {WEBHOOK_TOKEN}x"},
        {"Authorization": f"Bearer {WEBHOOK_TOKEN[:-1]}"},
        {"Authorization": f"Bearer {WEBHOOK_TOKEN.upper()}"},
        {"Authorization": f"Bearer {WEBHOOK_TOKEN} {WEBHOOK_TOKEN}"},
        {"X-Token": WEBHOOK_TOKEN},
    ],
)
async def test_nobody_else_is_let_in(http: httpx.AsyncClient, counted: Counted, headers: dict[str, str]) -> None:
    """401 names the scheme that is wanted; the body was not even looked at."""
    answer = await http.post(WEBHOOK, content=b"not JSON", headers=headers)
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
    assert answer.json() == {"error": "a valid bearer token is needed"}
    assert await counted() == {"unauthorized": 1}


@pytest.mark.parametrize(
    ("headers", "cause"),
    [
        ({}, "no Authorization header was sent"),
        ({"Authorization": WEBHOOK_TOKEN}, "something else than a Bearer token was sent"),
        ({"Authorization": f"Basic {WEBHOOK_TOKEN}"}, "Basic authentication was sent instead of a Bearer token"),
        ({"Authorization": f"Bearer {WEBHOOK_TOKEN}x"}, "another token was sent than the configured one"),
    ],
)
async def test_the_log_says_why_somebody_was_not_let_in(
    http: httpx.AsyncClient, headers: dict[str, str], cause: str
) -> None:
    """Whom it is about reads nothing of it, and the log nothing of the token."""
    with structlog.testing.capture_logs() as logs:
        assert await status_of(http, headers) == 401
    (entry,) = (entry for entry in logs if entry["event"] == "webhook rejected")
    assert (entry["status"], entry["cause"]) == (401, cause)
    assert WEBHOOK_TOKEN not in str(entry)


@pytest.mark.parametrize(("written", "cause"), [("", "empty"), (None, "cannot be read (No such file or directory)")])
async def test_the_log_says_what_is_wrong_with_the_configured_token(
    http: httpx.AsyncClient, tmp_path: Path, written: str | None, cause: str
) -> None:
    """A file that was emptied or taken away: every sender is asked to come again, and only our own log can tell why."""
    file = tmp_path / "webhook-token"
    file.unlink() if written is None else file.write_text(written)
    with structlog.testing.capture_logs() as logs:
        assert await status_of(http, bearer(WEBHOOK_TOKEN)) == 503
    assert [entry["cause"] for entry in logs] == [f"the configured token {'is ' if written == '' else ''}{cause}"]


async def test_a_token_of_odd_bytes_is_a_wrong_one(http: httpx.AsyncClient) -> None:
    """A header may hold bytes that are no ASCII."""
    answer = await http.post(WEBHOOK, headers=[(b"authorization", b"Bearer \xff\xfe")])
    assert answer.status_code == 401


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
async def test_the_scheme_is_read_in_any_case(http: httpx.AsyncClient, scheme: str) -> None:
    """As HTTP has it."""
    assert await status_of(http, {"Authorization": f"{scheme} {WEBHOOK_TOKEN}"}) == 202


async def test_without_a_configured_token_nobody_is_let_in(
    start: Start, config_data: dict[str, Any], write_config: Callable[[dict[str, Any]], Path]
) -> None:
    """A hook that changes data is never open; an empty token does not match a missing one."""
    del config_data["remediation"]["webhook_token_file"]
    async with start(load_config(write_config(config_data))) as service, client_of(service) as http:
        for headers in ({}, bearer(""), bearer("None"), bearer(WEBHOOK_TOKEN)):
            assert await status_of(http, headers) == 401


async def test_a_token_can_be_rotated_without_a_restart(http: httpx.AsyncClient, tmp_path: Path) -> None:
    """From the moment the file changes the old one is refused and the new one taken."""
    assert await status_of(http, bearer(WEBHOOK_TOKEN)) == 202
    (tmp_path / "webhook-token").write_text("a-new-token\n")
    assert await status_of(http, bearer(WEBHOOK_TOKEN)) == 401
    assert await status_of(http, bearer("a-new-token")) == 200


async def test_during_a_rotation_two_are_taken(
    start: Start, config_data: dict[str, Any], write_config: Callable[[dict[str, Any]], Path], tmp_path: Path
) -> None:
    """Whether or not the other can be read; nobody else is, though one that cannot be read may be theirs."""
    config_data["remediation"]["webhook_token_file"] = ["new-token", "webhook-token"]
    (tmp_path / "new-token").write_text("a-new-token")
    async with start(load_config(write_config(config_data))) as service, client_of(service) as http:
        for token, status in ((WEBHOOK_TOKEN, 202), ("a-new-token", 200), ("another", 401)):
            assert await status_of(http, bearer(token)) == status
        (tmp_path / "webhook-token").unlink()
        for token, status in ((WEBHOOK_TOKEN, 503), ("a-new-token", 200)):
            assert await status_of(http, bearer(token)) == status


@pytest.mark.parametrize("content", [None, b"", b"  \n", b"\xff\xfe"], ids=["gone", "empty", "blank", "no text"])
async def test_without_a_readable_token_nobody_is_let_in(
    http: httpx.AsyncClient, counted: Counted, tmp_path: Path, content: bytes | None
) -> None:
    """A file that vanished or is empty shuts the door instead of opening it; when it is back, so is the sender, as
    Alertmanager drops what is answered with 401 and sends again what is answered with 503."""
    file = tmp_path / "webhook-token"
    if content is None:
        file.unlink()
    else:
        file.write_bytes(content)
    for headers in (bearer(WEBHOOK_TOKEN), bearer("x"), bearer("")):
        assert await status_of(http, headers) == 503
    assert await status_of(http, {}) == 401
    assert await counted() == {"unavailable": 3, "unauthorized": 1}
    file.write_text(WEBHOOK_TOKEN)
    assert await status_of(http, bearer(WEBHOOK_TOKEN)) == 202


async def test_a_token_file_of_a_windows_program_works(http: httpx.AsyncClient, tmp_path: Path) -> None:
    """A byte order mark in front and CRLF at the end are no part of the token."""
    (tmp_path / "webhook-token").write_bytes(b"\xef\xbb\xbf" + WEBHOOK_TOKEN.encode() + b"\r\n")
    assert await status_of(http, bearer(WEBHOOK_TOKEN)) == 202


@pytest.mark.parametrize("path", [WEBHOOK, "/api/v1/suspensions"])
@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "cannot be read (No such file or directory)"),
        (b"", "is empty"),
        (WEBHOOK_TOKEN.encode("utf-16"), "cannot be read (it is UTF-16)"),
        (f"{WEBHOOK_TOKEN}\n{WEBHOOK_TOKEN}".encode(), "has white space or a line break inside"),
        (f"{WEBHOOK_TOKEN}é".encode(), "holds a character that is not ASCII"),
    ],
    ids=["gone", "empty", "UTF-16", "two lines", "not ASCII"],
)
async def test_a_token_that_cannot_be_used_is_logged(
    http: httpx.AsyncClient, tmp_path: Path, path: str, content: bytes | None, reason: str
) -> None:
    """One line a request that was refused for it, with the reason, at every endpoint that wants it."""
    file = tmp_path / "webhook-token"
    file.unlink() if content is None else file.write_bytes(content)
    with structlog.testing.capture_logs() as lines:
        assert (await http.post(path, json={}, headers=bearer(WEBHOOK_TOKEN))).status_code == 503
    (line,) = lines
    assert line["cause"] == f"the configured token {reason}"
    assert WEBHOOK_TOKEN not in str(line)
