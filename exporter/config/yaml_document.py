"""A YAML file as data plus the line every value stands on.

Booleans and numbers are those of JSON: ``on:`` stays a key, ``off`` and ``2026-11-21`` are strings, and so is
``060000``, which YAML 1.1 would silently read as octal. Keys are text, as in JSON. What was written is what a complaint
about it shows.
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import Any

import yaml

Step = str | int
DocumentPath = tuple[Step, ...]


def named_by(path: DocumentPath) -> str:
    """The key that a value stands under, be it alone or in a list; empty without one."""
    return next((step for step in reversed(path) if isinstance(step, str)), "")


_TAG = "tag:yaml.org,2002:"
_TEXT = _TAG + "str"
_MARK = "\ufeff"
_UTF_16_MARKS = (b"\xff\xfe", b"\xfe\xff")


_REPLACED = {_TAG + name for name in ("bool", "int", "float", "timestamp")}
_NO_TEXT = {*_REPLACED, _TAG + "null"}
_INT = r"-?(?:0|[1-9][0-9]*)"
_OF_JSON = (
    ("bool", r"^(?:true|True|TRUE|false|False|FALSE)$", "tTfF"),
    ("int", rf"^{_INT}$", "-0123456789"),
    ("float", rf"^{_INT}(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?$", "-0123456789"),
)


def _reading_as_json(safe_loader: Any) -> Any:
    """A safe loader with the booleans and numbers of JSON, and no keys but text."""

    class Loader(safe_loader):  # type: ignore[misc]
        def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
            self.flatten_mapping(node)
            for key, _value in node.value:
                if key.tag in _NO_TEXT:
                    key.tag = _TEXT
            mapping: dict[Hashable, Any] = super().construct_mapping(node, deep)
            return mapping

        def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
            if node.tag == _TEXT and isinstance(node, yaml.ScalarNode):
                return node.value  # so is nearly all; what PyYAML would look up takes as long as the rest
            return super().construct_object(node, deep)

    Loader.yaml_implicit_resolvers = {
        first: [(tag, pattern) for tag, pattern in resolvers if tag not in _REPLACED]
        for first, resolvers in safe_loader.yaml_implicit_resolvers.items()
    }
    for name, pattern, first in _OF_JSON:
        Loader.add_implicit_resolver(_TAG + name, re.compile(pattern), list(first))
    return Loader


_LOADER = _reading_as_json(yaml.SafeLoader)
_FAST_LOADER = _reading_as_json(yaml.CSafeLoader) if yaml.__with_libyaml__ else _LOADER
"""libyaml, six times as fast. What it refuses is read once more by PyYAML itself, whose complaints are the better."""
_HALF = re.compile(r"\\(?:u|U0000)[dD][89a-fA-F]")
"""How JSON writes a character beyond U+FFFF: two of these, which YAML reads as two characters that are none."""
_BRACKETS = re.compile(r"[][{}]")
_INDENTATIONS = re.compile(r"^[ ?:-]+", re.MULTILINE)
_FLAT = 500


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
    return parse_yaml(path.read_bytes())


def parse_yaml(content: bytes) -> YamlDocument:
    """One YAML document; raises ``YamlSyntaxError``."""
    text = _text(content)
    if _is_flat(text):
        with contextlib.suppress(yaml.YAMLError, ValueError, RecursionError):
            return _document(_FAST_LOADER, _without_tabs(text))
    return _read_slowly(text)


def _is_flat(text: str) -> bool:
    """Whether nothing in it can be nested so deeply that libyaml, which knows no bound, ends the process with it."""
    steps = (1 if bracket in "[{" else -1 for bracket in _BRACKETS.findall(text))
    deepest = max(accumulate(steps, lambda depth, step: max(0, depth + step)), default=0)
    return deepest + max(map(len, _INDENTATIONS.findall(text)), default=0) < _FLAT


def _document(loader_type: Any, text: str) -> YamlDocument:
    loader = loader_type(text)
    root = loader.get_single_node()
    if _HALF.search(text):
        _join_halves(root)
    duplicates = tuple(_duplicates(root, ()))  # before constructing, which puts merged keys beside the own ones
    return YamlDocument(loader.construct_document(root) if root is not None else None, duplicates, root)


def _join_halves(node: yaml.Node | None) -> None:
    if isinstance(node, yaml.ScalarNode):
        try:
            node.value = node.value.encode("utf-16", "surrogatepass").decode("utf-16")
        except UnicodeDecodeError as error:
            raise yaml.MarkedYAMLError(problem="half of a character", problem_mark=node.start_mark) from error
    elif isinstance(node, yaml.CollectionNode):
        for child in node.value:
            for one in child if isinstance(child, tuple) else (child,):
                _join_halves(one)


def _read_slowly(text: str) -> YamlDocument:
    try:
        return _document(_LOADER, _without_tabs(text))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        problem = ", ".join(part for part in (error.context, error.problem) if part)
        raise YamlSyntaxError(mark.line + 1 if mark else 1, problem) from error
    except yaml.reader.ReaderError as error:
        raise YamlSyntaxError(text.count("\n", 0, error.position) + 1, _character(error.character)) from error
    except RecursionError as error:
        raise YamlSyntaxError(1, "nested too deeply, or an alias stands inside its own anchor") from error
    except (yaml.YAMLError, ValueError) as error:
        raise YamlSyntaxError(1, str(error)) from error


def _text(content: bytes) -> str:
    if content.startswith(_UTF_16_MARKS):
        raise YamlSyntaxError(1, "it is UTF-16, as Windows programs write it")
    try:
        return content.decode("utf-8").removeprefix(_MARK)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise YamlSyntaxError(line, f"byte 0x{content[error.start]:02x} is not UTF-8") from error


def _without_tabs(text: str) -> str:
    """JSON may be indented with tabs, YAML may not; in a string of JSON no tab can stand."""
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return text
    return text.replace("\t", " ")


def _character(code: int | str) -> str:
    return f"character U+{code if isinstance(code, int) else ord(code):04X} is not allowed"


def _child(node: yaml.Node | None, step: Step) -> tuple[yaml.Node, int] | None:
    if isinstance(node, yaml.MappingNode):
        for key, value in reversed(node.value):  # the last one counts; merged keys come first
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
