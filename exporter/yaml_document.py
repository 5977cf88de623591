"""A YAML file as data plus the line every value stands on.

Booleans are ``true`` and ``false`` only, as in YAML 1.2 and JSON: ``on:`` stays a key and ``off`` a string.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

Step = str | int
DocumentPath = tuple[Step, ...]


class _Loader(yaml.SafeLoader):
    """SafeLoader with the booleans of YAML 1.2."""


_BOOL_TAG = "tag:yaml.org,2002:bool"
_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != _BOOL_TAG]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver(_BOOL_TAG, re.compile(r"^(?:true|True|TRUE|false|False|FALSE)$"), list("tTfF"))


@dataclass(frozen=True)
class YamlDocument:
    """``data`` as plain Python values; ``duplicates`` are the paths of keys that stand twice in one mapping."""

    data: Any
    duplicates: tuple[tuple[DocumentPath, int], ...]
    _root: yaml.Node | None

    def line(self, path: DocumentPath) -> int:
        """The 1-based line of the value at ``path``, or of its nearest existing parent."""
        node, line = self._root, 1
        for step in path:
            entry = _child(node, step)
            if entry is None:
                break
            node, line = entry
        return line


class YamlSyntaxError(ValueError):
    """Not YAML; ``line`` is where reading stopped."""

    def __init__(self, line: int, problem: str) -> None:
        super().__init__(problem)
        self.line = line


def read_yaml(path: Path) -> YamlDocument:
    """Reads one YAML document; raises ``OSError`` or ``YamlSyntaxError``."""
    try:
        loader = _Loader(path.read_text(encoding="utf-8"))
        root = loader.get_single_node()
        data = loader.construct_document(root) if root is not None else None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise YamlSyntaxError(mark.line + 1 if mark else 1, error.problem or str(error)) from error
    except (yaml.YAMLError, UnicodeDecodeError, ValueError, RecursionError) as error:
        raise YamlSyntaxError(1, f"not readable as YAML in UTF-8 ({type(error).__name__})") from error
    return YamlDocument(data, tuple(_duplicates(root, ())), root)


def _child(node: yaml.Node | None, step: Step) -> tuple[yaml.Node, int] | None:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode) and key.value == str(step):
                return value, key.start_mark.line + 1
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        return node.value[step], node.value[step].start_mark.line + 1
    return None


def _duplicates(node: yaml.Node | None, path: DocumentPath) -> Iterator[tuple[DocumentPath, int]]:
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            name = str(key.value)
            if name in seen:
                yield (*path, name), key.start_mark.line + 1
            seen.add(name)
            yield from _duplicates(value, (*path, name))
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            yield from _duplicates(value, (*path, index))
