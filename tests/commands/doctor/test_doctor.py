"""``doctor`` as a real process against a real simulator: exit codes, the checklist, JSON, and the proof of a touch."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from exporter.cli import main
from exporter.demo.simulator.settings import Settings
from exporter.demo.stage import ORG, Stage
from tests.commands.staged import act, run

TOUCH = {"touch": {"property": "salesforce_resync_requested_at"}}


def change_config(stage: Stage, **more: Any) -> None:
    file = stage.folder / "exporter.yml"
    config = yaml.safe_load(file.read_text())
    config["integrations"][0] |= more
    file.write_text(yaml.safe_dump(config))


async def touches(stage: Stage) -> int:
    async with httpx.AsyncClient(trust_env=False) as http:
        told = (await http.get(f"{stage.simulator}/control/{ORG}")).json()
    return int(told["touches"]["requests"])


def outcomes(content: dict[str, Any], outcome: str) -> list[str]:
    lines = [*content["checks"], *content["integrations"][0]["checks"]]
    return [line["check"] for line in lines if line["outcome"] == outcome]


class TestDoctor:
    async def test_all_is_right(self, stage: Stage) -> None:
        """0; nothing is written to HubSpot, no secret is shown, nothing is left beside the configuration."""
        change_config(stage, remediation=TOUCH)
        before = sorted(stage.folder.iterdir())
        ended = await run(stage, "doctor")
        assert (ended.code, ended.err) == (0, ""), ended.out
        assert max(map(len, ended.out.splitlines())) <= 80
        assert re.search(r"\n\d\d right, 0 missing", ended.out)
        assert re.search(r"It has cost \d Salesforce API calls\.", ended.out)
        assert "\x1b" not in ended.out
        assert await touches(stage) == 0
        assert sorted(stage.folder.iterdir()) == before
        secrets = Settings()
        for secret in (secrets.client_secret, secrets.hubspot_token, secrets.bridge_token):
            assert secret not in ended.out

    async def test_what_is_missing(self, stage: Stage) -> None:
        """1; which permission it is and where, for programs too."""
        await act(stage, "object-permission", object="Lead", access="edit", granted=False)
        told = await run(stage, "doctor", ORG, "--format=json")
        assert (told.code, told.err) == (1, "")
        content = json.loads(told.out)
        assert outcomes(content, "failed") == ["objects"]
        (line,) = [one for one in content["integrations"][0]["checks"] if one["outcome"] == "failed"]
        assert line["subject"] == "Lead"
        assert line["change"].endswith("Object Settings → Lead: Edit")
        assert (content["good"], content["integrations"][0]["name"]) == (False, ORG)
        assert content["integrations"][0]["salesforce_calls"] >= 3

    async def test_a_touch_is_proved(self, stage: Stage) -> None:
        """Only with the flag: one write, and HubSpot's own time of sync moves."""
        change_config(stage, remediation=TOUCH)
        ended = await run(stage, "doctor", "--format=json", "--prove-touch=contacts/101")
        assert ended.code == 0, ended.out
        (line,) = [one for one in json.loads(ended.out)["integrations"][0]["checks"] if one["check"] == "proof"]
        assert line["says"].startswith("contacts/101 was touched, and synced within ")
        assert await touches(stage) == 1


class TestUsage:
    def test_a_configuration_that_is_refused(self, config_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """1; each problem is a line, and nothing else is tried."""
        (config_file.parent / "bridge-token").write_text("")
        assert main(["doctor", f"--config.file={config_file}", "--format=json"]) == 1
        content = json.loads(capsys.readouterr().out)
        assert [line["outcome"] for line in content["checks"]] == ["failed", "failed", "not_tried"]
        assert "bridge-token" in content["checks"][0]["says"]
        assert content["integrations"] == []

    @pytest.mark.parametrize(
        ("arguments", "complaint"),
        [
            (["gamma"], "no integration is called 'gamma'; there are: acme, beta"),
            (["--prove-touch=contacts"], "'contacts' is no record such as contacts/101 (contacts, companies, deals)"),
            (["--prove-touch=tickets/1", "acme"], "is no record such as contacts/101"),
            (["--prove-touch=contacts/101"], "of which integration contacts/101 is has to be said: name one"),
            (["--prove-touch=contacts/101", "acme"], "acme has no remediation.touch.property to write"),
            (["--format=yaml"], "invalid choice: 'yaml'"),
        ],
    )
    def test_wrong_usage_is_explained(
        self, config_file: Path, arguments: list[str], complaint: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """2, and nothing is asked of anybody."""
        with pytest.raises(SystemExit) as ended:
            main(["doctor", f"--config.file={config_file}", *arguments])
        said = capsys.readouterr()
        assert (ended.value.code, said.out) == (2, "")
        assert complaint in said.err
