"""The SBOM: what a user installs, and nothing else."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

HOUSE = Path(__file__).resolve().parent.parent
pytestmark = pytest.mark.faults


def made() -> str:
    return subprocess.run([sys.executable, HOUSE / ".ci/sbom"], check=True, capture_output=True, text=True).stdout


def test_the_sbom_is_valid_whole_and_the_same_again() -> None:
    """By CycloneDX's own schema; every component with a licence and a package URL, and no tool of developers."""
    text = made()
    assert text == made()
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    components = json.loads(text)["components"]
    assert all(one["licenses"] and one["purl"] for one in components)
    names = {one["name"].lower() for one in components}
    assert {"httpx", "starlette", "uvicorn", "cryptography"} <= names
    assert not names & {"pytest", "mypy", "hypothesis", "cyclonedx-bom"}
