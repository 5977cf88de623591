"""``resync --url`` at an exporter that demands a certificate, and a user of who has no token."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from exporter.cli import main
from tests.commands.secured import Secured
from tests.conftest import WEBHOOK_TOKEN
from tests.serving.conftest import PASSWORD

Say = pytest.CaptureFixture[str]


@pytest.fixture
def resync(secured: Secured, capsys: Say, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """What the command says when it fails, in one line. The server's authority is the only one that is trusted."""
    monkeypatch.setenv("SSL_CERT_FILE", str(secured.folder / "authority.pem"))

    def said(*arguments: str) -> str:
        assert main(["resync", f"--url={secured.url}", "acme", *arguments]) == 1
        said = capsys.readouterr()
        assert (said.out, said.err.count("\n")) == ("", 1)
        assert not any(secret in said.err for secret in (WEBHOOK_TOKEN, PASSWORD, "hunter2"))
        return said.err

    return said


NO_JOB = "the exporter refuses: id: got '7'; no job has this id"
"""What only the exporter itself can say, to whom it has let in."""


def test_who_shows_a_certificate_and_has_the_token_gets_in(secured: Secured, resync: Callable[..., str]) -> None:
    """To order and to read: a token lets in where users are demanded, too."""
    assert NO_JOB in resync(*secured.pair, secured.token, "--cancel=7")
    assert NO_JOB in resync(*secured.pair, secured.token, "--job=7")


def test_a_user_watches_a_job_without_the_token(secured: Secured, resync: Callable[..., str]) -> None:
    """With the password from a file; a wrong one is said with the file."""
    assert NO_JOB in resync(*secured.pair, *secured.user, "--job=7")
    wrong = resync(*secured.pair, "--username=somebody", f"--password-file={secured.folder / 'wrong'}", "--job=7")
    assert f"does not take user 'somebody' with the password of the file \"{secured.folder / 'wrong'}\"" in wrong
    gone = resync(*secured.pair, "--username=somebody", "--password-file=/gone", "--job=7")
    assert 'cannot read the password in the file "/gone"' in gone


@pytest.mark.parametrize("shown", [None, "self_signed"])
def test_without_a_good_certificate_it_is_said_which_flags_name_one(
    shown: str | None, secured: Secured, resync: Callable[..., str]
) -> None:
    """There is none, or it is nobody's whom the exporter knows."""
    pair = [] if shown is None else [f"--{what}-file={secured.folder / shown}.pem" for what in ("cert", "key")]
    said = resync(*pair, secured.token, "--job=7")
    assert "it wants a client certificate or another one (--cert-file, --key-file)" in said


@pytest.mark.parametrize(
    ("certificate", "key", "said"),
    [
        ("gone", "client.pem", "--cert-file: cannot read "),
        ("client.pem", "gone", "--key-file: cannot read "),
        ("token", "client.pem", "--cert-file: no certificate in PEM form; expected a certificate in PEM form"),
        ("client.pem", "authority.pem", "--key-file: no private key in PEM form"),
        ("client.pem", "server.pem", "--key-file: the key of another certificate; expected the private key of --cert-"),
    ],
)
def test_a_pair_that_cannot_be_used_is_said(
    certificate: str, key: str, said: str, secured: Secured, resync: Callable[..., str]
) -> None:
    """By the flag, before anybody is asked."""
    pair = f"--cert-file={secured.folder / certificate}", f"--key-file={secured.folder / key}"
    assert said in resync(*pair, secured.token, "--job=7")


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--url=https://e", "--cert-file=x", "--job=7"], "--cert-file and --key-file: one without the other"),
        (["--url=https://e", "--username=x", "--job=7"], "--username and --password-file: one without the other"),
        (["--url=https://e", "--username=x", "--password-file=x"], "argument --username: only with --job"),
        (
            ["--url=https://e", "--username=x", "--password-file=x", "--job=7", "--token-file=x"],
            "argument --username: only with --job and without --token-file",
        ),
        (["--config.file=x", "--cert-file=x"], "argument --cert-file: only with --url"),
        (["--config.file=x", "--password-file=x"], "argument --password-file: only with --url"),
    ],
)
def test_wrong_usage_is_explained(
    arguments: list[str], complaint: str, capsys: Say, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And ends with 2."""
    monkeypatch.setenv("HUBSPOT_SALESFORCE_API_TOKEN", "a-token")
    with pytest.raises(SystemExit) as end:
        main(["resync", "acme", *arguments])
    assert end.value.code == 2
    assert complaint in capsys.readouterr().err
