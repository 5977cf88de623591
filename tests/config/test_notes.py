"""What a configuration asks for in vain is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from exporter.cli import main
from tests.config.conftest import FULL, SMALL, Load


def test_what_this_version_does_not_use_is_said_aloud(load: Load) -> None:
    """Nothing that was asked for is dropped in silence; what is used has no note."""
    noted = {note.removesuffix(" is accepted, but this version does not use it yet") for note in load(FULL).notes}
    assert {"acme: hubspot.unsynced", "acme: mailbox"} <= noted
    used = (
        "acme: salesforce.url",
        "acme: sync_health.url",
        "acme: intervals.sync_health",
        "acme: remediation.action",
        "beta: remediation.action",
    )
    assert not [note for note in noted if note.startswith(used)]
    assert load(SMALL).notes == ()


def test_check_config_prints_the_notes_and_still_says_good(
    load: Load, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Notes go to standard error, one line each; the verdict stands alone on standard output."""
    config = load(FULL)
    assert main(["check-config", str(tmp_path / "exporter.yml")]) == 0
    said = capsys.readouterr()
    assert said.out == f"{tmp_path / 'exporter.yml'}: good, 2 integrations\n"
    assert said.err.splitlines() == [f"note: {note}" for note in config.notes]


def test_a_bridge_that_is_not_read_resyncs_nothing(load: Load) -> None:
    """Switching it off is allowed, and what follows from it is said."""
    off = {**SMALL["integrations"][0], "intervals": {"sync_health": "off", "mailbox": "off"}}
    (note,) = load({"integrations": [off]}).notes
    assert note.startswith("acme: intervals.sync_health is off, so ")


def test_a_touch_says_what_it_lacks(load: Load) -> None:
    """The property alone is not enough: somebody has to list the records, and a token has to write."""
    touch = {"action": "touch", "touch": {"property": "resync_requested_at"}}
    bridge = SMALL["integrations"][0]["sync_health"]
    token = {"token_file": "secret"}
    entries = [
        {"name": "neither", "sync_health": {"directory": "dropped"}, "remediation": touch},
        {"name": "listed", "sync_health": bridge, "hubspot": {"allocated_api_calls": 1}, "remediation": touch},
        {"name": "both", "sync_health": bridge, "hubspot": token, "remediation": touch},
    ]
    said = "remediation.touch writes nothing without"
    assert load({"integrations": entries}).notes == (
        f"neither: {said} hubspot.token_file, to write with and without sync_health.url, to know the records by",
        f"listed: {said} hubspot.token_file, to write with",
    )
