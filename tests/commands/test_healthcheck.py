"""``healthcheck``: beside a real exporter that demands a certificate and a user, and beside those that are not well."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from exporter.cli import main
from exporter.demo.processes import free_port
from tests.clients.http.loopback import Authority, Seen, listening, server
from tests.commands.program import COMMAND
from tests.commands.secured import Secured

Say = pytest.CaptureFixture[str]


def said(capsys: Say, *arguments: str) -> str | None:
    """What is wrong, in one line; ``None`` if nothing is, which is said by silence."""
    code = main(["healthcheck", *arguments])
    told = capsys.readouterr()
    assert told.out == ""
    assert (code == 0) == (told.err == "")
    assert told.err.count("\n") == (code != 0)
    return told.err or None


def at(seen: Seen | int) -> str:
    port = seen if isinstance(seen, int) else seen.port
    return f"--web.listen-address=:{port}"


def of(secured: Secured) -> str:
    return f"--of-process={secured.process}"


class TestBesideASecuredExporter:
    """Found by the flags of its process, as in a container."""

    def test_a_refusal_is_an_answer(self, secured: Secured, capsys: Say) -> None:
        """It brings no certificate, then one and no user."""
        assert said(capsys, of(secured)) is None
        assert said(capsys, of(secured), *secured.pair) is None

    def test_whether_it_is_ready_it_says_to_whom_it_lets_in(self, secured: Secured, capsys: Say) -> None:
        """With a certificate and a user of the files that a Secret is."""
        user = (f"--username-file={secured.folder / 'username'}", f"--password-file={secured.folder / 'password'}")
        deadline = time.monotonic() + 30
        while (reason := said(capsys, of(secured), "--ready", *secured.pair, *user)) is not None:
            assert "status 503" in reason
            assert time.monotonic() < deadline, reason
        wrong = (user[0], f"--password-file={secured.folder / 'wrong'}")
        assert "status 401" in str(said(capsys, of(secured), "--ready", *secured.pair, *wrong))
        assert "the connection ended" in str(said(capsys, of(secured), "--ready", *user))

    def test_it_is_a_process_without_a_shell(self, secured: Secured) -> None:
        """As an engine starts it; no proxy is asked."""
        proxies = dict.fromkeys(("http_proxy", "https_proxy", "HTTPS_PROXY"), "http://127.0.0.1:1")
        ended = subprocess.run([*COMMAND, "healthcheck", of(secured)], env={**os.environ, **proxies}, check=False)
        assert ended.returncode == 0


def test_without_a_web_configuration_it_asks_in_the_clear(capsys: Say) -> None:
    """One path or the other; at loopback where it listens everywhere."""
    with server() as seen:
        for address in (f":{seen.port}", f"0.0.0.0:{seen.port}", f"localhost:{seen.port}"):
            assert said(capsys, f"--web.listen-address={address}") is None
        assert said(capsys, at(seen), "--ready") is None
    assert [head.split()[1] for head in seen.heads] == ["/-/healthy"] * 3 + ["/-/ready"]


def test_its_own_certificate_is_for_another_name(tmp_path: Path, capsys: Say) -> None:
    """And of an authority that nobody has named here: it asks this machine itself."""
    web = tmp_path / "web.yml"
    web.write_text(yaml.safe_dump({"tls_server_config": {"cert_file": "a", "key_file": "b"}}))
    with server(Authority(tmp_path).tls_for("exporter.example")) as seen:
        assert said(capsys, at(seen), f"--web.config.file={web}") is None
        assert said(capsys, at(seen)) is not None


def hang_up(line: socket.socket) -> None:
    line.recv(1024)


def fail(line: socket.socket) -> None:
    line.recv(1024)
    line.sendall(b"HTTP/1.1 503 No\r\nContent-Length: 12\r\n\r\nthe store\x1b[2")


@pytest.mark.parametrize(
    ("does", "reason"),
    [
        (hang_up, "the connection ended (RemoteDisconnected)"),
        (fail, "status 503: the store [2"),
    ],
)
def test_who_is_not_well_is_told(does: Callable[[socket.socket], None], reason: str, capsys: Say) -> None:
    """In one sentence, which an engine shows."""
    with listening(does) as port:
        assert said(capsys, at(port)) == f"error: http://127.0.0.1:{port}: {reason}\n"


def test_nobody_is_told(capsys: Say, tmp_path: Path) -> None:
    """Also where a refusal would be an answer."""
    web = tmp_path / "web.yml"
    web.write_text("tls_server_config: {client_auth_type: RequireAndVerifyClientCert}")
    assert "Connection refused" in str(said(capsys, at(free_port()), f"--web.config.file={web}"))


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--web.listen-address=host"], "expected host:port"),
        (["--web.config.file=/gone"], "--web.config.file: cannot read /gone: No such file"),
        (["--of-process=999999999"], "--of-process=999999999: No such file or directory"),
        (["--cert-file=/gone", "--key-file=/gone"], "--cert-file, --key-file: No such file"),
        (["--username-file=/gone", "--password-file=/gone"], "--username-file: cannot read /gone"),
    ],
)
def test_what_it_cannot_go_by_is_named(arguments: list[str], reason: str, capsys: Say, tmp_path: Path) -> None:
    """The flag, and why."""
    web = tmp_path / "web.yml"
    web.write_text("tls_server_config: {cert_file: a}")
    given = arguments if "config" in arguments[0] else [f"--web.config.file={web}", *arguments]
    with server(Authority(tmp_path).tls_for("localhost")) as seen:
        assert reason in str(said(capsys, *([] if "listen" in arguments[0] else [at(seen)]), *given))


def test_another_process_says_nothing(capsys: Say) -> None:
    """That of an image that is used for something else: the usual address is asked."""
    reason = said(capsys, f"--of-process={os.getpid()}", at(free_port()))
    assert "Connection refused" in str(reason)


def test_one_flag_without_the_other_is_wrong_usage(capsys: Say) -> None:
    """Before anybody is asked."""
    with pytest.raises(SystemExit) as end:
        main(["healthcheck", "--username-file=x"])
    assert end.value.code == 2
    assert "--username-file and --password-file: one without the other" in capsys.readouterr().err
