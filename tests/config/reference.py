"""The reference of the configuration, made from its schema: `make reference` writes `exporter/CONFIGURATION.md`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from exporter.config.schema import config_schema

FILE = Path(__file__).parent.parent.parent / "exporter" / "CONFIGURATION.md"
HEAD = """\
# Configuration reference

Every key of `exporter.yml`, made from the [schema](config/config.schema.json) that `check-config` holds a file against.
What the keys are good for at more length: [Configuration](README.md#configuration). Unknown keys are refused. A key
that ends in `_file` or `_env` names where something stands, a secret never stands in the file itself; of the two only
one may be given.
"""
TOP = "At the top"

Node = Mapping[str, Any]


def reference() -> str:
    """The whole document: a section for each mapping, a row for each of its keys. Mappings that are alike share one."""
    schema = config_schema()
    alike: dict[int, tuple[list[str], Node]] = {}
    for path, node in _mappings("", schema, schema["$defs"]):
        alike.setdefault(id(node["properties"]), ([], node))[0].append(path)
    return "\n".join(
        [HEAD, *(line for paths, node in alike.values() for line in _section(paths, node, schema["$defs"]))]
    )


def _section(paths: Sequence[str], node: Node, definitions: Node) -> Iterator[str]:
    yield "## " + (", ".join(f"`{path}`" for path in paths if path) or TOP)
    yield ""
    yield "| key | what it is for | what is expected | default |"
    yield "|---|---|---|---|"
    for key, value in node["properties"].items():
        known = _whole(value, definitions)
        default = "*required*" if key in node.get("required", ()) else _shown(known.get("default"))
        yield f"| `{key}` | {known['title']} | {_expected(known, definitions)} | {default} |".replace("|  |", "| |")
    yield ""


def _whole(value: Node, definitions: Node) -> Node:
    """A part of the schema with what it refers to; its own words go first."""
    referred = definitions[value["$ref"].removeprefix("#/$defs/")] if "$ref" in value else {}
    return {**referred, **value}


def _mappings(path: str, node: Node, definitions: Node) -> Iterator[tuple[str, Node]]:
    """With its path each mapping that stands at or below ``node``, in the order of the schema."""
    if "properties" in node:
        yield path, node
        for key, value in node["properties"].items():
            yield from _mappings(f"{path}.{key}".lstrip("."), _whole(value, definitions), definitions)
    elif "items" in node:
        yield from _mappings(f"{path}[]", _whole(node["items"], definitions), definitions)


def _expected(node: Node, definitions: Node) -> str:
    items = _whole(node.get("items", {}), definitions)
    named = items["enum"] if node["description"].endswith("of the catalogue") else ()
    return str(node["description"]) + (": " + ", ".join(f"`{one}`" for one in named) if named else "")


def _shown(default: Any) -> str:
    """As it would stand in the file."""
    if default is None:
        return ""
    text = yaml.safe_dump(default, default_flow_style=True, width=1000).removesuffix("\n").removesuffix("\n...")
    return f"`{text}`"


if __name__ == "__main__":
    FILE.write_text(reference(), encoding="utf-8")
