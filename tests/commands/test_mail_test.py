"""``mail-test``: an owner fits the patterns to the e-mails of their account."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from exporter.cli import main
from exporter.clients.imap.letters import LARGEST
from tests.mail.expected import MESSAGES, PATTERNS

SUSPENDED = str(MESSAGES / "suspended-06-org-locked-microsoft-365.eml")
IGNORED = str(MESSAGES / "newsletter-01-of-hubspot.eml")
PORTUGUESE = str(MESSAGES / "language-06-portuguese-suspension.eml")

SECONDS = 60.0
"""More than a start takes on a busy machine."""


def test_it_says_what_an_email_is_read_as_and_why(capsys: pytest.CaptureFixture[str]) -> None:
    """Kind, reason, account and time; which phrase was found where, and who says that it is HubSpot's."""
    assert main(["mail-test", SUSPENDED]) == 0
    assert capsys.readouterr().out == (
        f"{SUSPENDED}: matched\n"
        "  from       noreply@notifications.hubspot.com\n"
        "  subject    Salesforce integration suspended\n"
        "  kind       suspension\n"
        "  reason     salesforce_org_locked (Salesforce organization locked)\n"
        "  categories none\n"
        "  account    7654321\n"
        "  since      2026-11-27T09:14:05Z\n"
        "  language   en\n"
        "  why        noreply@notifications.hubspot.com, by dkim=pass for notifications.hubspot.com\n"
        "             'suspended' (en) in the subject: 'Salesforce integration suspended'\n"
        "             'suspended' (en) in the text: "
        "'The HubSpot-Salesforce integration of account 7654321 was suspended on November 27, 2026.'\n"
        "             reason: salesforce_org_locked\n"
        "             account: 7654321\n"
        "\n"
    )


def test_one_that_is_not_understood_ends_it_with_1(capsys: pytest.CaptureFixture[str]) -> None:
    """All of them are looked at; with patterns of one's own it is understood."""
    assert main(["mail-test", IGNORED, PORTUGUESE, SUSPENDED]) == 1
    said = capsys.readouterr().out
    assert [line for line in said.splitlines() if line and not line.startswith(" ")] == [
        f"{IGNORED}: ignored",
        f"{PORTUGUESE}: unmatched",
        f"{SUSPENDED}: matched",
    ]
    assert main(["mail-test", PORTUGUESE, f"--patterns={PATTERNS / 'portuguese.yml'}"]) == 0
    assert "language   pt\n" in capsys.readouterr().out


def test_a_configuration_says_for_whom(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Senders, patterns and account of each mailbox; an integration without one is left out."""
    (tmp_path / "password").write_text("secret")
    (tmp_path / "patterns.yml").write_text((PATTERNS / "forwarder.yml").read_text())
    mailbox = "host: imap.example, username: me, password_file: password"
    config = tmp_path / "exporter.yml"
    config.write_text(
        "integrations:\n"
        f"  - {{name: acme, mailbox: {{{mailbox}, account: 7654321, patterns_file: patterns.yml}}}}\n"
        f"  - {{name: beta, mailbox: {{{mailbox}, account: 999}}}}\n"
        f"  - {{name: gamma, mailbox: {{{mailbox}, account: 998, from: ['*@gamma.example']}}}}\n"
        "  - {name: delta, sync_health: {directory: .}}\n"
    )
    forwarded = str(MESSAGES / "forwarded-01-as-attachment.eml")
    assert main(["mail-test", forwarded, SUSPENDED, f"--config.file={config}"]) == 0
    said = capsys.readouterr().out
    assert [line for line in said.splitlines() if line and not line.startswith(" ")] == [
        f"{forwarded} (acme): matched",
        f"{forwarded} (beta): ignored",
        f"{forwarded} (gamma): ignored",
        f"{SUSPENDED} (acme): matched",
        f"{SUSPENDED} (beta): ignored",
        f"{SUSPENDED} (gamma): ignored",
    ]
    assert "account: 7654321, which is not asked for\n" in said


def test_an_email_may_come_by_standard_input() -> None:
    """As a pipe brings it; its text can be seen as it was found."""
    raw = (MESSAGES / "suspended-09-server-error-nested-tables.eml").read_bytes()
    command = [sys.executable, "-m", "exporter", "mail-test", "-", "--text", "--account=7654321"]
    ended = subprocess.run(command, input=raw, capture_output=True, timeout=SECONDS, check=True)
    said = ended.stdout.decode()
    assert said.startswith("-: matched\n")
    assert "  text       Status\n" in said
    assert "             Salesforce.com server error\n" in said


def test_what_steers_a_terminal_is_not_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A stranger wrote it."""
    file = tmp_path / "a.eml"
    file.write_bytes(b"From: a@b.example\nSubject: =?utf-8?q?=1B=5B2J_hi?=\n\nhi\n")
    assert main(["mail-test", str(file)]) == 0
    assert "\x1b" not in capsys.readouterr().out


NO_EMAIL = "is no e-mail: it does not begin with headers, such as From and Subject"


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (None, "cannot be read: No such file or directory"),
        (b"", "is empty"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "is Outlook's .msg: save it as .eml"),
        (bytes(range(256)) * 40, NO_EMAIL),
        (b"<!DOCTYPE html>\n<html><body>\nSubject: suspended\n</body></html>\n", NO_EMAIL),
        (b"Your Salesforce integration was suspended.\n\nFrom: HubSpot\n", NO_EMAIL),
    ],
)
def test_a_file_that_is_no_email_hides_no_other(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes | None, complaint: str
) -> None:
    """One line for it, 2 in the end, and the verdicts of the others."""
    file = tmp_path / "a.eml"
    if content is not None:
        file.write_bytes(content)
    assert main(["mail-test", str(file), IGNORED, PORTUGUESE]) == 2
    said = capsys.readouterr()
    assert said.err == f"error: {file}: {complaint}\n"
    assert [line for line in said.out.splitlines() if line and not line.startswith(" ")] == [
        f"{IGNORED}: ignored",
        f"{PORTUGUESE}: unmatched",
    ]


def test_a_byte_order_mark_is_no_part_of_an_email(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Windows programs write one."""
    file = tmp_path / "a.eml"
    file.write_bytes(b"\xef\xbb\xbf" + Path(SUSPENDED).read_bytes())
    assert main(["mail-test", str(file)]) == 0
    assert "from       noreply@notifications.hubspot.com\n" in capsys.readouterr().out


def test_a_long_one_is_said_to_be_read_in_part(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """However long it is: of its length nothing is said, as nobody looks."""
    file = tmp_path / "a.eml"
    file.write_bytes(Path(SUSPENDED).read_bytes() + b"x" * 3_000_000)
    assert main(["mail-test", str(file)]) == 0
    assert "only its first 524,288 bytes were read\n" in capsys.readouterr().out


@pytest.mark.parametrize("number", ["1", "99", "999"])
def test_a_short_account_is_another_one_too(tmp_path: Path, capsys: pytest.CaptureFixture[str], number: str) -> None:
    """In HubSpot's own links, and so the e-mail is not taken for one's own."""
    file = tmp_path / "a.eml"
    file.write_bytes(Path(SUSPENDED).read_bytes().replace(b"7654321", number.encode()))
    assert main(["mail-test", str(file), "--account=2000000001"]) == 0
    assert f"account: {number}, which is not asked for\n" in capsys.readouterr().out
    assert main(["mail-test", str(file), f"--account={number}"]) == 0
    assert f"  account    {number}\n" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("content", "arguments", "complaint"),
    [
        (
            b"From: a@b",
            ["{file}", "--patterns={file}"],
            "a.eml: the file: 'From' is none of sender, account, page, records",
        ),
        (
            b"x",
            ["{file}", "--patterns=x", "--config.file=y"],
            "argument --config.file: not allowed with argument --patterns",
        ),
        (b"x", ["{file}", "--account=["], "argument --account: '[' is no regular expression"),
        (b"x", [], "the following arguments are required: FILE"),
    ],
)
def test_wrong_usage_is_explained(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes, arguments: list[str], complaint: str
) -> None:
    """On standard error, with 2; of good files beside it nothing is said."""
    file = tmp_path / "a.eml"
    file.write_bytes(content)
    with pytest.raises(SystemExit) as ended:
        main(["mail-test", *(argument.format(file=file) for argument in arguments)])
    said = capsys.readouterr()
    assert (ended.value.code, said.out) == (2, "")
    assert complaint in " ".join(said.err.split())


def test_a_configuration_without_a_mailbox_is_wrong_usage(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """There is nothing to judge by."""
    config = tmp_path / "exporter.yml"
    config.write_text("integrations: [{name: acme, sync_health: {directory: .}}]")
    with pytest.raises(SystemExit) as ended:
        main(["mail-test", SUSPENDED, f"--config.file={config}"])
    assert ended.value.code == 2
    assert "no integration has a mailbox" in capsys.readouterr().err


def test_it_reads_no_more_of_an_email_than_the_mailbox_does(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What stands behind that is not matched by one and missed by the other."""
    head = b"From: noreply@hubspot.com\nSubject: Salesforce\nContent-Type: multipart/mixed; boundary=b\n\n--b\n"
    attached = b"Content-Type: application/zip\nContent-Disposition: attachment\n\n" + b"A" * LARGEST + b"\n--b\n"
    text = b"Content-Type: text/plain\n\nYour Salesforce integration was suspended. Hub ID: 7654321\n--b--\n"
    file = tmp_path / "long.eml"
    file.write_bytes(head + attached + text)
    main(["mail-test", str(file)])
    assert f"{file}: ignored" in capsys.readouterr().out
