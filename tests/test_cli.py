"""The commands, in this process and as a user starts them."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from exporter import __version__
from exporter.bundled.prometheus_rule import prometheus_rule
from exporter.bundled.rule_files import rules_text
from exporter.cli import main

COMMAND = [sys.executable, "-m", "exporter"]
SECONDS = 30.0
"""No process of these tests takes as long; one that does is killed."""


def run(*arguments: str | Path, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Runs a command to its end."""
    return subprocess.run([*COMMAND, *arguments], capture_output=True, text=True, timeout=SECONDS, check=False, cwd=cwd)


def commands() -> list[str]:
    """The commands as the help names them."""
    return re.findall(r"^    ([a-z][a-z-]+)", run("--help").stdout, re.MULTILINE)


@pytest.fixture
def config_file(config_data: dict[str, Any], write_config: Callable[[dict[str, Any]], Path]) -> Path:
    """A good configuration of two integrations whose upstreams do not answer."""
    return write_config(config_data)


@pytest.fixture
def taken() -> Iterator[int]:
    """A port somebody else listens on."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        yield other.getsockname()[1]


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
        (["check-config"], "the following arguments are required: file"),
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


@pytest.mark.parametrize("arguments", [["rules"], ["rules", "--format=prometheus"]])
def test_rules_are_printed_as_they_ship(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Only the rules, so that the output can be redirected to a file."""
    assert main(arguments) == 0
    said = capsys.readouterr()
    assert (said.out, said.err) == (rules_text(), "")


def test_rules_are_printed_for_the_prometheus_operator(capsys: pytest.CaptureFixture[str]) -> None:
    """Only the manifest, so that the output can be piped to kubectl; links and namespace are the reader's own."""
    runbooks, dashboards = "https://wiki.example/?page=/", "http://[::1]:3000/grafana"
    links = [f"--runbook-base-url={runbooks}", f"--dashboard-base-url={dashboards}"]
    assert main(["rules", "--format=prometheus-operator", "--namespace=monitoring", *links]) == 0
    said = capsys.readouterr()
    assert (said.out, said.err) == (prometheus_rule(rules_text(runbooks, dashboards), "monitoring"), "")


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


def test_a_good_configuration_is_called_good(config_file: Path) -> None:
    """With the number of its integrations, 0."""
    ended = run("check-config", config_file)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, f"{config_file}: good, 2 integrations\n", "")


def test_one_integration_is_not_integrations(config_data: dict[str, Any], write_config: Callable[..., Path]) -> None:
    """Small things are read, too."""
    del config_data["integrations"][1]
    assert run("check-config", write_config(config_data)).stdout.endswith(": good, 1 integration\n")


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


def test_an_address_in_use_is_named(config_file: Path, taken: int) -> None:
    """The exporter ends with 1 and says which address it could not have."""
    ended = run("serve", f"--config.file={config_file}", f"--web.listen-address=127.0.0.1:{taken}")
    assert (ended.returncode, ended.stdout) == (1, "")
    assert f"error: --web.listen-address=127.0.0.1:{taken}: " in ended.stderr
    assert "Address already in use" in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize(
    "address",
    ["", "9951", "127.0.0.1", "127.0.0.1:", "127.0.0.1:http", "127.0.0.1:70000", "[::1]", "[::1:9951", "::1:9951"],
)
def test_a_malformed_address_is_named(address: str, config_file: Path) -> None:
    """With what was expected, before anything is polled, without a traceback."""
    ended = run("serve", f"--config.file={config_file}", f"--web.listen-address={address}")
    assert (ended.returncode, ended.stdout) == (1, "")
    assert f"error: --web.listen-address={address}: " in ended.stderr
    assert "expected host:port, [ipv6]:port or :port" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_store_that_cannot_be_opened_is_named(
    config_data: dict[str, Any], write_config: Callable[[dict[str, Any]], Path]
) -> None:
    """1 and a line, without a traceback."""
    config_data["store"] = "sqlite:///no-such-directory/exporter.db"
    file = write_config(config_data)
    ended = run("serve", f"--config.file={file}", "--web.listen-address=127.0.0.1:0")
    assert ended.returncode == 1
    assert "error: store: " in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT])
def test_serve_runs_until_it_is_told_to_stop(end: signal.Signals, config_file: Path) -> None:
    """It says where it listens, answers there although no upstream does, and ends with 0 on either signal."""
    command = [*COMMAND, "serve", f"--config.file={config_file}", "--web.listen-address=127.0.0.1:0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            address = listening_address(process)
            assert httpx.get(f"http://{address}/-/healthy", trust_env=False).status_code == httpx.codes.OK
            assert (
                "hubspot_salesforce_exporter_build_info" in httpx.get(f"http://{address}/metrics", trust_env=False).text
            )
            process.send_signal(end)
            out, errors = process.communicate(timeout=SECONDS)
        finally:
            process.kill()
    assert (process.returncode, out) == (0, "")
    assert "event=stopped" in errors
    assert "Traceback" not in errors


def listening_address(process: subprocess.Popen[str]) -> str:
    """Reads the log until the exporter says where it listens."""
    assert process.stderr is not None
    deadline = time.monotonic() + SECONDS
    for line in process.stderr:
        found = re.search(r"event=listening address=(\S+)", line)
        if found:
            return found[1]
        assert time.monotonic() < deadline, "the exporter did not start to listen"
    raise AssertionError("the exporter ended before it listened")
