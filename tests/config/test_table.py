"""The README's table of the configuration: every key of the schema, with its default."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from exporter.config.schema import config_schema
from tests.markdown import section_at

README = (Path(__file__).parents[2] / "exporter" / "README.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| (`.*?) \| (.*) \|$", section_at(README, "configuration"), re.MULTILINE)


def paths_in(first_column: str) -> list[str]:
    """``….salesforce.url`, `.api_version`` are two keys of ``salesforce``; ``…_env`` stands in for ``…_file``."""
    first, *others = (named.replace("….", "integrations.") for named in re.findall(r"`(.*?)`", first_column))
    first = first.replace("[]", "")
    beside = first.rpartition(".")[0]
    files = [path for path in (first, *(beside + other for other in others)) if path.endswith("_file")]
    variables = [path.removesuffix("_file") + "_env" for path in files if "…_env" in others]
    return [first, *(beside + other for other in others if other != "…_env"), *variables]


def leaves(node: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, Any]]:
    """Each key that is no mapping by its path, with its default; HubSpot's own search filters are HubSpot's."""
    node = {**config_schema()["$defs"].get(node.get("$ref", "").removeprefix("#/$defs/"), {}), **node}
    inner = node.get("items", node)
    inner = {**config_schema()["$defs"].get(inner.get("$ref", "").removeprefix("#/$defs/"), {}), **inner}
    if not inner.get("properties") or path.endswith(".filters"):
        yield path, node.get("default")
    else:
        for key, value in inner["properties"].items():
            yield from leaves(value, f"{path}.{key}" if path else key)


def written(default: Any) -> str:
    """As a row has it, without the brackets of a list."""
    if isinstance(default, bool):
        return str(default).lower()
    return ", ".join(default) if isinstance(default, list) else str(default)


LEAVES = list(leaves(config_schema()))


@pytest.mark.parametrize(("path", "default"), LEAVES, ids=[path for path, _ in LEAVES])
def test_a_key_stands_in_the_table_with_its_default(path: str, default: Any) -> None:
    """Alone, or where the mapping is explained that it stands in; `…_env` beside the file whose place it takes."""
    rows = [" | ".join(row) for row in ROWS if any(f"{path}.".startswith(f"{known}.") for known in paths_in(row[0]))]
    name = path.rpartition(".")[2]
    said = [row for row in rows if re.search(rf"\b{name}\b", row) or (name.endswith("_env") and "…_env`" in row)]
    assert said != []
    if default is not None:
        assert [row for row in said if written(default) in row] != []


@pytest.mark.parametrize(("first", "rest"), ROWS, ids=[first for first, _ in ROWS])
def test_the_table_names_no_key_that_is_not_there(first: str, rest: str) -> None:
    """Nor a mapping."""
    known = [f"{path}." for path, _ in LEAVES]
    assert [path for path in paths_in(first) if not any(key.startswith(f"{path}.") for key in known)] == []
