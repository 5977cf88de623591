"""``init``: what it asks, what it writes, and that the configuration is good once the secrets are there."""

from __future__ import annotations

import os
import pty
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from exporter.cli import main
from exporter.config.file import load_config
from exporter.config.settings import Config, JwtBearer
from tests.commands.program import COMMAND, SECONDS
from tests.doctor.patient_room import private_key

ORG = "https://acme.my.salesforce.com"
NEEDED = (f"--salesforce-url={ORG}", "--client-id=3MVG9.x_Y", "--integration-user=hubspot@acme.example")
BRIDGE = ("--bridge-url=https://bridge.example/acme/",)
MAILBOX = ("--mailbox=imap.example.com:1993", "--mailbox-username=notices@acme.example")
JWT = ("--login=jwt_bearer", "--username=monitoring@acme.example")

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Write:
    """Runs the command with flags alone, and makes the files of secrets that it names."""

    def run(*flags: str) -> Path:
        file = tmp_path / "exporter.yml"
        assert main(["init", f"--output={file}", *NEEDED, *flags]) == 0
        assert capsys.readouterr().err == ""
        make_secrets(file)
        return file

    return run


def make_secrets(file: Path) -> None:
    (file.parent / "secrets").mkdir(exist_ok=True)
    for name in re.findall(r"secrets/[\w.-]+", file.read_text()):
        (file.parent / name).write_text(private_key() if name.endswith(".key") else "abcdefghijklmnop")


def without_comments_before(file: Path, *sections: str) -> Config:
    """The configuration with these commented examples made real."""
    lines, inside = [], False
    for line in file.read_text().splitlines():
        head = re.fullmatch(r" *# (\w+):.*", line)
        if head and not line.strip().startswith("#   "):
            inside = head[1] in sections
        elif not line.strip().startswith("#   "):
            inside = False
        lines.append(re.sub(r"^( *)# ", r"\1", line) if inside else line)
    file.write_text("\n".join(lines) + "\n")
    make_secrets(file)
    (file.parent / "sync-health").mkdir(exist_ok=True)
    return load_config(file)


class TestWritten:
    def test_the_least(self, write: Write) -> None:
        """Three answers: an org, a HubSpot account, tokens; named after the My Domain."""
        config = load_config(write())
        (entry,) = config.integrations
        assert entry.salesforce is not None
        assert (entry.name, entry.salesforce.url) == ("acme", ORG)
        assert entry.salesforce.integration_user == "hubspot@acme.example"
        assert entry.hubspot is not None
        assert entry.hubspot.token is not None
        assert entry.sync_health is None
        assert config.remediation.webhook_tokens != config.remediation.api_tokens

    def test_with_a_bridge(self, write: Write) -> None:
        (entry,) = load_config(write(*BRIDGE)).integrations
        assert entry.sync_health is not None
        assert entry.sync_health.url == "https://bridge.example/acme"

    def test_with_a_certificate_instead_of_a_secret(self, write: Write) -> None:
        (entry,) = load_config(write(*JWT, "--name=Acme: EU")).integrations
        assert entry.salesforce is not None
        assert isinstance(entry.salesforce.auth, JwtBearer)
        assert (entry.name, entry.salesforce.auth.username) == ("Acme: EU", "monitoring@acme.example")

    def test_with_a_mailbox(self, write: Write) -> None:
        """The port is part of the answer."""
        file = write(*MAILBOX)
        load_config(file)
        assert "host: imap.example.com\n      port: 1993\n" in file.read_text()

    def test_with_a_mailbox_at_the_port_of_starttls(self, write: Write) -> None:
        """Its server would understand nothing else."""
        (entry,) = (config := load_config(write("--mailbox=imap.example.com:143", MAILBOX[1]))).integrations
        assert entry.mailbox is not None
        assert (entry.mailbox.port, entry.mailbox.tls) == (143, "starttls")
        assert not [note for note in config.notes if "mailbox.port" in note]

    def test_with_a_property_to_touch(self, write: Write) -> None:
        """Then resyncs need no bridge."""
        (entry,) = (config := load_config(write("--touch-property=resync_at"))).integrations
        assert entry.remediation.touch_property == "resync_at"
        assert not [note for note in config.notes if "nothing is resynced" in note]

    @pytest.mark.parametrize(
        "section", ["mailbox", "canary", "remediation", "unsynced", "sync_health", "notify", "permission_set"]
    )
    def test_an_example_is_good(self, write: Write, section: str) -> None:
        """Without its comment signs it is a part of the configuration."""
        without_comments_before(write(), section)

    def test_it_says_what_its_user_needs(self, write: Write) -> None:
        """Every permission that a source which is on takes in Salesforce."""
        text = " ".join(write().read_text().replace("#", " ").split())
        needed = (
            "API Enabled",
            "View Setup and Configuration",
            "View Event Log Files",
            "Manage Users",
            "View All Records",
        )
        assert [one for one in needed if one not in text] == []

    def test_a_comment_for_everything(self, write: Write) -> None:
        """What can be added is there as an example, also beside a bridge."""
        text = write(*BRIDGE).read_text()
        for key in ("mailbox", "canary", "touch", "unsynced", "fields", "max_api_calls_per_day", "dry_run"):
            assert re.search(rf"^ *# *{key}:", text, re.MULTILINE), key


class TestSaid:
    def test_what_comes_next(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """How the secrets' files are made, for nobody else to read, and the next three commands."""
        file = tmp_path / "exporter.yml"
        assert main(["init", f"--output={file}", *NEEDED, *BRIDGE]) == 0
        said = capsys.readouterr().out
        assert f"  cd {tmp_path}\n" in said
        assert "umask 077" in said
        for name in re.findall(r"secrets/[\w.-]+", re.sub(r"(?m)^ *#.*$", "", file.read_text())):
            assert f"> {name} " in said
        assert re.findall(r"hubspot-salesforce-exporter (\S+)", said) == ["check-config", "doctor", "serve"]

    def test_the_key_of_a_certificate(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["init", f"--output={tmp_path / 'exporter.yml'}", *NEEDED, *JWT]) == 0
        assert "openssl req -x509 -newkey rsa:2048 -nodes" in capsys.readouterr().out

    def test_standard_output_gets_the_file_alone(
        self, write: Write, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        """Nothing is written to the folder."""
        text = write().read_text()
        (tmp_path / "empty").mkdir()
        monkeypatch.chdir(tmp_path / "empty")
        assert main(["init", "--output=-", *NEEDED]) == 0
        assert capsys.readouterr().out == text
        assert list((tmp_path / "empty").iterdir()) == []

    def test_it_overwrites_nothing(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """But with --force."""
        file = tmp_path / "exporter.yml"
        file.write_text("mine")
        assert main(["init", f"--output={file}", *NEEDED]) == 1
        assert capsys.readouterr().err == (
            f"error: {file} is there already: add --force to overwrite it, or --output for another file\n"
        )
        assert file.read_text() == "mine"
        assert main(["init", f"--output={file}", "--force", *NEEDED]) == 0
        assert "name: acme" in file.read_text()

    def test_a_folder_that_is_not_there(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["init", f"--output={tmp_path / 'gone' / 'exporter.yml'}", *NEEDED]) == 1
        assert "cannot be written: No such file or directory" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("flags", "complaint"),
    [
        (NEEDED[1:], "there is no terminal to ask on: add --salesforce-url"),
        (NEEDED[:1], "add --client-id, --integration-user"),
        ((*NEEDED, "--client-id=3MVG9..."), "argument --client-id: it is not whole"),
        ((*NEEDED, "--client-id=3MVG9…"), "argument --client-id: it is not whole"),
        ((*NEEDED, "--mailbox=https://imap.example.com"), "argument --mailbox: expected the host alone"),
        ((*NEEDED, "--login=jwt_bearer"), "add --username"),
        ((*NEEDED, "--mailbox=imap.example.com"), "add --mailbox-username"),
        (("--salesforce-url=acme.my.salesforce.com",), "argument --salesforce-url: expected an https:// URL"),
        (("--salesforce-url=https://acme.lightning.force.com",), f"which is {ORG}"),
        (("--salesforce-url=https://login.salesforce.com",), "this is everybody's login host"),
        (("--integration-user=hubspot",), "looks like an e-mail address"),
        (("--client-id=two words",), "argument --client-id: expected one word"),
        (("--name=" + "x" * 101,), "a name of 1 to 100 printable characters"),
        (("--bridge-url=http://bridge.example",), "argument --bridge-url: expected an https:// URL"),
        (("--mailbox=imap.example.com:99999",), "expected a port from 1 to 65535"),
        (("--touch-property=Resync at",), "argument --touch-property: expected "),
        (("--touch-property=closedate",), "argument --touch-property: expected a property made for this"),
        (("--mailbox=imap example",), "expected HOST or HOST:PORT"),
        (("--client-id=a\x07b",), "a character that cannot be printed"),
        (("--salesforce-url=",), "an answer is needed"),
    ],
)
def test_wrong_usage_is_explained(
    flags: tuple[str, ...], complaint: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Usage and complaint on standard error, 2, and no file."""
    with pytest.raises(SystemExit) as ended:
        main(["init", f"--output={tmp_path / 'exporter.yml'}", *flags])
    said = capsys.readouterr()
    assert (ended.value.code, said.out) == (2, "")
    assert complaint in said.err
    assert list(tmp_path.iterdir()) == []


class TestTerminal:
    def typed(self, folder: Path, text: str) -> subprocess.CompletedProcess[str]:
        """The command on a terminal at which this is typed."""
        keyboard, screen = pty.openpty()
        try:
            os.write(keyboard, text.encode())
            return subprocess.run(
                [*COMMAND, "init"],
                cwd=folder,
                stdin=screen,
                capture_output=True,
                text=True,
                timeout=SECONDS,
                check=False,
                env={**os.environ, "PYTHONPATH": str(Path.cwd()), "COLUMNS": "80"},
            )
        finally:
            os.close(keyboard)
            os.close(screen)

    def test_what_is_not_given_is_asked_for(self, tmp_path: Path) -> None:
        """A bad answer is said to be one, and asked for again; Enter takes what is proposed."""
        answers = (
            "https://acme.lightning.force.com",
            ORG,
            "",
            "",
            "3MVG9",
            "hubspot",
            "hubspot@acme.example",
            "",
            "",
            "",
        )
        ended = self.typed(tmp_path, "\n".join(answers) + "\n")
        assert ended.returncode == 0, ended.stderr
        assert "this is the host of Lightning pages" in ended.stderr
        assert "looks like an e-mail address" in ended.stderr
        assert "a mailbox tells of suspensions" in " ".join(ended.stderr.split())
        assert "name: acme" in (tmp_path / "exporter.yml").read_text()
        assert ended.stdout.startswith("exporter.yml is written.")

    def test_a_terminal_that_is_closed(self, tmp_path: Path) -> None:
        """Nothing is written."""
        ended = self.typed(tmp_path, f"{ORG}\n\x04")
        assert (ended.returncode, ended.stdout) == (1, "")
        assert ended.stderr.endswith("error: nothing was written: the input ended before all was answered\n")
        assert list(tmp_path.iterdir()) == []
