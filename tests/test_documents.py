"""README and rules say what the code does."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from exporter.catalog.catalog import CATALOG
from exporter.cli import command_line, main
from exporter.clients.http.signature import signature_header
from exporter.config.file import load_config
from exporter.remediation.policy import default_policies
from exporter.self_metrics import PREFIX
from tests.shipped import alert_rules, exported_metrics, metrics_named, recorded_metrics, rules
from tests.test_readmes import DOCUMENTS

ROOT = Path(__file__).parent.parent
README, EXPORTER, RULES = (
    (ROOT / folder / "README.md").read_text(encoding="utf-8") for folder in ("", "exporter", "rules")
)


def first_column(text: str, pattern: str) -> set[str]:
    return set(re.findall(rf"^\| `({pattern})` \|", text, re.MULTILINE))


def test_the_metric_table_is_complete() -> None:
    """The exporter's README lists exactly the metrics that are exported."""
    assert first_column(EXPORTER, PREFIX + "[a-z_]+") == exported_metrics()


def test_the_alert_table_is_complete() -> None:
    """The rules' README lists exactly the alerts that ship."""
    assert first_column(RULES, "HubSpotSalesforce[A-Za-z]+") == {rule["alert"] for rule in alert_rules()}


def test_the_threshold_table_is_complete() -> None:
    """The rules' README lists exactly the thresholds that ship, with the numbers they have."""
    shipped: dict[str, set[str]] = {}
    for rule in rules():
        if rule.get("record", "").endswith(":threshold"):
            number = re.match(r"(?:vector\()?(\d[\d.]*(?: \* \d[\d.]*)*)", rule["expr"].splitlines()[-1])
            assert number is not None, rule["expr"]
            shipped.setdefault(rule["record"], set()).add(number[1])
    rows = re.findall(r"^\| `([\w:]+:threshold)` \| (.*?) \|", RULES, re.MULTILINE)
    assert {name: set(re.findall(r"`(\d[\d. *]*)`", numbers)) for name, numbers in rows} == shipped


def test_the_command_table_is_complete() -> None:
    """The exporter's README lists exactly the commands there are."""
    commands = re.findall(r"^    ([a-z][a-z-]+)", command_line().format_help(), re.MULTILINE)
    table = EXPORTER.partition("## Commands\n")[2].partition("\n## ")[0]
    assert re.findall(r"^\| `([a-z-]+)[` ]", table, re.MULTILINE) == commands


def test_the_first_command_writes_a_good_configuration(tmp_path: Path) -> None:
    """The README's, as it stands there; good once the files of the secrets exist."""
    command = re.search(r"^hubspot-salesforce-exporter (init (?:.*\\\n)*.*)$", README, re.MULTILINE)
    assert command is not None
    file = tmp_path / "exporter.yml"
    assert main([*shlex.split(command[1].replace("\\\n", " ")), f"--output={file}"]) == 0
    (tmp_path / "secrets").mkdir()
    for name in re.findall(r"secrets/[\w-]+", file.read_text(encoding="utf-8")):
        (tmp_path / name).write_text(f"secret-{name.rpartition('/')[2]}")
    assert [entry.name for entry in load_config(file).integrations] == ["acme"]


def test_the_example_of_policies_means_what_is_said_of_it(tmp_path: Path) -> None:
    """Its first policy is the default for sync errors; check-config notes the alert of the reader's own, as is said."""
    example = re.search(r"```yaml\n(remediation:\n  policies:\n.*?)```", EXPORTER, re.DOTALL)
    assert example is not None
    file = tmp_path / "exporter.yml"
    file.write_text(f"integrations: [{{name: acme, sync_health: {{directory: .}}}}]\n{example[1]}", encoding="utf-8")
    config = load_config(file)
    assert config.remediation.policies is not None
    assert config.remediation.policies[0] == default_policies()[0]
    (note,) = (note for note in config.notes if not note.startswith("acme: "))
    assert "OurPicklistsAreMended" in note


@pytest.mark.parametrize("name", DOCUMENTS)
def test_metrics_and_alerts_that_are_named_are_there(name: str) -> None:
    """In every document: of what somebody pastes into a query nothing is a name of before."""
    text = (ROOT / name).read_text(encoding="utf-8")
    recorded = re.findall(rf"\b\w+:{PREFIX}[\w:]+", text)
    assert set(recorded) <= recorded_metrics()
    assert set(re.findall(rf"(?<![:\w]){PREFIX}[a-z_]*[a-z]\b(?![:…])", text)) <= exported_metrics()
    assert set(re.findall(r"\bHubSpotSalesforce[A-Z]\w+", text)) <= {rule["alert"] for rule in alert_rules()}


@pytest.mark.parametrize("rule", alert_rules(), ids=lambda rule: f"{rule['alert']}-{rule['labels']['severity']}")
def test_every_alert_is_complete(rule: dict[str, Any]) -> None:
    """An alert has a severity, a summary that is a sentence, a description, a runbook."""
    assert rule["labels"]["severity"] in {"critical", "warning", "info"}
    assert rule["annotations"]["summary"].endswith(".")
    assert "{{" not in rule["annotations"]["summary"]
    assert rule["annotations"]["description"]
    assert rule["annotations"]["runbook_url"]
    assert "$value" not in str(rule["labels"])


@pytest.mark.parametrize("rule", alert_rules(), ids=lambda rule: f"{rule['alert']}-{rule['labels']['severity']}")
def test_alerts_use_metrics_that_exist(rule: dict[str, Any]) -> None:
    """An expression names metrics that are exported or recorded."""
    assert metrics_named(rule["expr"]) <= exported_metrics() | recorded_metrics()


@pytest.mark.parametrize("reason", CATALOG.suspension_reasons, ids=lambda reason: reason.name)
def test_descriptions_say_what_the_catalogue_says(reason: Any) -> None:
    """Both rules of a suspension alert tell what ends the suspension, in the catalogue's words."""
    descriptions = [rule["annotations"]["description"] for rule in alert_rules() if rule["alert"] == reason.alert]
    assert len(descriptions) == 2
    for description in descriptions:
        assert reason.resolution.rstrip(".").lower() in " ".join(description.split()).lower()


def test_alerts_with_a_policy_reach_the_receiver() -> None:
    """Every alert the default policies speak of carries the label that Alertmanager routes to the webhook."""
    labelled = {rule["alert"] for rule in alert_rules() if rule["labels"].get("remediation") == "resync"}
    assert labelled == {policy.alert for policy in default_policies()}


class TestTheRecipesForHooks:
    """What the README tells receivers to do works as it stands there."""

    BODY, SECRET = b'{"a": "caf\xc3\xa9"}', "a-secret"

    @staticmethod
    def recipe(language: str) -> str:
        found = re.search(rf"### Hook\n.*?```{language}\n(.*?)```", EXPORTER, re.DOTALL)
        assert found is not None
        return found[1]

    @classmethod
    def cases(cls) -> list[tuple[str, bytes, str, bool]]:
        """Header, body, secret, and whether that is good."""
        now = int(time.time())
        good = signature_header([cls.SECRET], now, cls.BODY)
        rotated = signature_header(["a-newer-one", cls.SECRET], now, cls.BODY)
        late = signature_header([cls.SECRET], now - 310, cls.BODY)
        return [
            (good, cls.BODY, cls.SECRET, True),
            (rotated, cls.BODY, cls.SECRET, True),
            (good, cls.BODY + b" ", cls.SECRET, False),
            (good.replace(f"t={now}", f"t={now + 1}"), cls.BODY, cls.SECRET, False),
            (good, cls.BODY, "another", False),
            (late, cls.BODY, cls.SECRET, False),
            (f"t={now}", cls.BODY, cls.SECRET, False),
            ("v1=", cls.BODY, cls.SECRET, False),
        ]

    @pytest.mark.parametrize(
        ("language", "command", "call"),
        [
            (
                "py",
                (sys.executable, "-c"),
                "import json, sys\n"
                "asked = json.loads(sys.argv[1])\n"
                "print(json.dumps([is_ours(header, body.encode(), secret) for header, body, secret in asked]))",
            ),
            (
                "js",
                ("node", "-e"),
                "const asked = JSON.parse(process.argv[1]);"
                "const said = asked.map(([header, body, secret]) => isOurs(header, Buffer.from(body), secret));"
                "console.log(JSON.stringify(said));",
            ),
        ],
    )
    def test_it_tells_ours_from_others(self, language: str, command: tuple[str, str], call: str) -> None:
        """Good is taken, a changed body or time, another secret, a late or an unsigned one is not."""
        asked = json.dumps([[header, body.decode(), secret] for header, body, secret, _ in self.cases()])
        program = [*command, f"{self.recipe(language)}\n{call}", asked]
        said = subprocess.run(program, capture_output=True, text=True, check=True, timeout=60).stdout
        assert json.loads(said) == [good for *_, good in self.cases()]


def test_the_bridge_document_and_the_checks_agree() -> None:
    """What the OpenAPI document requires of a bridge is what the exporter requires."""
    document = yaml.safe_load((ROOT / "exporter" / "clients" / "bridge.openapi.yaml").read_text(encoding="utf-8"))
    assert set(document["paths"]) == {"/sync-health", "/sync-errors", "/resync", "/clear-suspension"}
    for name, schema in (
        ("SyncHealth", "sync_health"),
        ("SyncErrors", "bridge_sync_errors"),
        ("Resync", "bridge_resync"),
    ):
        described = document["components"]["schemas"][name]
        checked = yaml.safe_load((ROOT / "exporter" / "schemas" / f"{schema}.schema.json").read_text(encoding="utf-8"))
        Draft202012Validator.check_schema(checked)
        assert described["required"] == checked["required"]
        assert set(checked["properties"]) <= set(described["properties"])
