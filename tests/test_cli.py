"""The command line, in this process and as a user starts it: what holds for every command."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from exporter import __version__
from exporter.cli import main
from exporter.demo.scenarios import SCENARIOS
from tests.commands.program import COMMAND, SECONDS, run


def commands() -> list[str]:
    """The commands as the help names them."""
    return re.findall(r"^    ([a-z][a-z-]+)", run("--help").stdout, re.MULTILINE)


def test_the_version_is_that_of_the_package(capsys: pytest.CaptureFixture[str]) -> None:
    """``--version`` prints name and version and ends with 0."""
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out == f"hubspot-salesforce-exporter {__version__}\n"


def test_the_installed_command_and_the_module_are_the_same() -> None:
    """``hubspot-salesforce-exporter`` and ``python -m exporter``."""
    installed = shutil.which("hubspot-salesforce-exporter", path=str(Path(sys.executable).parent))
    assert installed is not None
    said = subprocess.run([installed, "--version"], capture_output=True, text=True, timeout=SECONDS, check=True)
    assert said.stdout == run("--version").stdout


def test_the_help_names_the_commands() -> None:
    """Those of the design that this version has."""
    assert {"serve", "check-config", "rules", "demo"} <= set(commands())


def test_every_command_has_help(capsys: pytest.CaptureFixture[str]) -> None:
    """It ends with 0 and shows how the command is called."""
    for command in commands():
        with pytest.raises(SystemExit) as ended:
            main([command, "--help"])
        said = capsys.readouterr()
        assert (ended.value.code, said.err) == (0, "")
        assert said.out.startswith(f"usage: hubspot-salesforce-exporter {command} ")


def test_without_a_command_it_says_which_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    """Wrong usage: the whole help on standard error, 2."""
    assert main([]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    for command in commands():
        assert f"\n    {command} " in said.err or f"\n    {command}\n" in said.err


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["chek-config"], "invalid choice: 'chek-config'"),
        (["--colour"], "unrecognized arguments: --colour"),
        (["serve"], "the following arguments are required: --config.file"),
        (["serve", "--config.file"], "expected one argument"),
        (["serve", "--config.file=x.yml", "--log.level=loud"], "invalid choice: 'loud'"),
        (["serve", "--config.file=x.yml", "--log.format=xml"], "invalid choice: 'xml'"),
        (["check-config"], "one of the arguments FILE --config.file is required"),
        (["check-config", "a.yml", "b.yml"], "unrecognized arguments: b.yml"),
        (["rules", "--format=nagios"], "invalid choice: 'nagios'"),
        (["rules", "--namespace=monitoring"], "argument --namespace: only with --format=prometheus-operator"),
        (
            ["rules", "--format=prometheus-operator", "--namespace=Monitoring"],
            "argument --namespace: 'Monitoring' is no name of a Kubernetes namespace",
        ),
        (
            ["rules", "--runbook-base-url=wiki.example"],
            "argument --runbook-base-url: 'wiki.example' is no http or https URL",
        ),
        # Neither YAML nor an annotation template may see more in it than an address.
        (["rules", "--dashboard-base-url=https://a.example #b"], "'https://a.example #b' is no http or https URL"),
        (["rules", "--dashboard-base-url=https://{{ a }}/"], "'https://{{ a }}/' is no http or https URL"),
        (["resync", "acme"], "one of the arguments --config.file --url is required"),
        (["resync", "--config.file=x.yml", "--url=https://x", "acme"], "not allowed with argument --config.file"),
        # In the clear a token would be for everybody on the way.
        (["resync", "--url=http://exporter.example", "acme"], "is no address that a token may be sent to"),
        (["resync", "--url=https://prom:secret@a.example", "acme"], "'https://<secret>@a.example' is no address"),
        (["dashboards", "--grafana-url=https://a.example?token=secret"], "'https://a.example?<secret>' is no address"),
        (["resync", "--config.file=x.yml", "--category=weather", "acme"], "invalid choice: 'weather'"),
        (["resync", "--config.file=x.yml", "--job=1", "--approve=1", "acme"], "not allowed with argument --job"),
        (
            ["resync", "--config.file=x.yml", "--job=1", "--error-type=unknown", "acme"],
            "not allowed with argument --job",
        ),
        (["resync", "--config.file=x.yml", "--token-file=x", "acme"], "argument --token-file: only with --url"),
        (["demo", "--scenario=weather"], "invalid choice: 'weather'"),
    ],
)
def test_wrong_usage_is_explained(arguments: list[str], complaint: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The complaint and the usage on standard error, 2."""
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    said = capsys.readouterr()
    assert (ended.value.code, said.out) == (2, "")
    assert said.err.startswith("usage: ")
    assert complaint in said.err


def test_the_demo_lists_its_scenarios(capsys: pytest.CaptureFixture[str]) -> None:
    """One line each."""
    with pytest.raises(SystemExit):
        main(["demo", "--help"])
    said = capsys.readouterr().out.splitlines()
    assert "default: permissions" in "\n".join(said)
    for name, scenario in SCENARIOS.items():
        assert [line for line in said if line.split()[:1] == [name] and line.endswith(scenario.title)], name


def test_a_reader_that_has_seen_enough_is_no_failure_to_shout_about() -> None:
    """``rules | head -1``: no traceback when the pipe is closed."""
    read_end, write_end = os.pipe()
    os.close(read_end)
    try:
        ended = subprocess.run(
            [*COMMAND, "rules"], stdout=write_end, stderr=subprocess.PIPE, text=True, timeout=SECONDS, check=False
        )
    finally:
        os.close(write_end)
    assert (ended.returncode, ended.stderr) == (1, "")


@pytest.mark.parametrize("command", ["check-config", "rules", "poll"])
def test_a_full_disk_is_said_in_a_line(command: str, tmp_path: Path) -> None:
    """Whether the text fits a buffer or not: no traceback, 1."""
    file = tmp_path / "exporter.yml"
    file.write_text("integrations: [{name: acme, sync_health: {directory: .}}]")
    (tmp_path / "sync-health.json").write_text('{"as_of": "2026-11-27T08:00:00Z", "api_calls": {"used_24h": 1}}')
    arguments = {"check-config": [str(file)], "rules": [], "poll": [f"--config.file={file}"]}[command]
    with Path("/dev/full").open("w") as full:
        ended = subprocess.run(
            [*COMMAND, command, *arguments],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=SECONDS,
            check=False,
        )
    complaint = "error: the output cannot be written: No space left on device\n"
    said = "".join(line for line in ended.stderr.splitlines(keepends=True) if not line.startswith("note: "))
    assert (ended.returncode, said) == (1, complaint)


def test_serve_and_check_config_refuse_a_configuration_in_the_same_words(tmp_path: Path) -> None:
    """A service that does not start says the same as the check before it."""
    (tmp_path / "exporter.yml").write_text("integrations: []\n")
    problem = "exporter.yml:1: integrations: got an empty list; expected a list with at least one integration\n"
    for arguments in (["check-config", "exporter.yml"], ["serve", "--config.file=exporter.yml"]):
        ended = run(*arguments, cwd=tmp_path)
        assert (ended.returncode, ended.stdout, ended.stderr) == (1, "", problem)


@pytest.mark.parametrize("arguments", [["check-config", "gone.yml"], ["serve", "--config.file=gone.yml"]])
def test_a_missing_configuration_is_named(arguments: list[str], tmp_path: Path) -> None:
    """1, without a traceback."""
    ended = run(*arguments, cwd=tmp_path)
    problem = "gone.yml:1: cannot read it: No such file or directory; expected a file\n"
    assert (ended.returncode, ended.stdout, ended.stderr) == (1, "", problem)


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_any_name_can_be_printed_in_any_locale(encoding: str, tmp_path: Path) -> None:
    """People are told it somehow, and programs in UTF-8, as Prometheus reads it."""
    file = tmp_path / "k\u00e4se-\udcff.yml"
    file.write_text('integrations: [{name: "K\u00e4se \U0001f600", sync_health: {directory: .}}]', encoding="utf-8")
    (tmp_path / "sync-health.json").write_text('{"as_of": "2026-11-27T08:00:00Z", "api_calls": {"used_24h": 1}}')
    environment = {**os.environ, "PYTHONIOENCODING": encoding}
    for command in (["check-config", str(file)], ["poll", f"--config.file={file}"]):
        ended = subprocess.run([*COMMAND, *command], capture_output=True, env=environment, timeout=SECONDS, check=False)
        assert ended.returncode == 0
        assert [line for line in ended.stderr.splitlines() if not line.startswith(b"note: ")] == []
    assert 'integration="K\u00e4se \U0001f600"' in ended.stdout.decode()
