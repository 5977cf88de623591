"""The SBOM: what a user installs, and nothing else."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from exporter import __version__

HOUSE = Path(__file__).resolve().parent.parent
pytestmark = pytest.mark.faults


def made() -> str:
    return subprocess.run([sys.executable, HOUSE / ".ci/sbom"], check=True, capture_output=True, text=True).stdout


@pytest.fixture(scope="module")
def text() -> str:
    return made()


@pytest.fixture(scope="module")
def bom(text: str) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(text)
    return read


@pytest.fixture(scope="module")
def versions(bom: dict[str, Any]) -> dict[str, str]:
    """Of every component, by its name as the package index writes it."""
    return {canonicalize_name(one["name"]): one["version"] for one in bom["components"]}


def test_it_is_valid_and_the_same_again(text: str) -> None:
    """By CycloneDX's own schema."""
    assert text == made()
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None


def test_it_is_of_this_version(bom: dict[str, Any]) -> None:
    """Whatever pip noted of an editable installation."""
    product = bom["metadata"]["component"]
    assert (product["name"], product["version"]) == ("hubspot-salesforce-exporter", __version__)


def test_the_versions_are_those_of_the_lock(versions: dict[str, str]) -> None:
    """Each of them, as the image installs them."""
    lines = (HOUSE / ".ci/constraints.txt").read_text(encoding="utf-8").splitlines()
    locked = {
        canonicalize_name(name): version for name, is_one, version in (line.partition("==") for line in lines) if is_one
    }
    assert versions.items() <= locked.items()


def test_it_has_what_a_user_installs_and_no_tool_of_developers(versions: dict[str, str]) -> None:
    """Everything that pyproject.toml asks for, and what that needs."""
    project = tomllib.loads((HOUSE / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    asked, tools = (
        {canonicalize_name(Requirement(line).name) for line in lines}
        for lines in (project["dependencies"], project["optional-dependencies"]["dev"])
    )
    assert asked | {"anyio", "cryptography", "h11"} <= versions.keys()
    assert tools & versions.keys() == set()


def test_each_component_has_a_licence_an_address_and_its_needs(bom: dict[str, Any]) -> None:
    """And is needed by somebody."""
    assert all(one["licenses"] and one["purl"] for one in bom["components"])
    needed = {ref for one in bom["dependencies"] for ref in one.get("dependsOn", ())}
    assert {one["bom-ref"] for one in bom["components"]} == needed
