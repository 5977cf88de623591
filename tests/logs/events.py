"""Every event that the product's code logs, read from the code itself."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

EXPORTER = Path(__file__).resolve().parents[2] / "exporter"
LEVELS = {"debug": "debug", "info": "info", "warning": "warning", "error": "error", "exception": "error"}
LEVELS |= {"critical": "critical"}


def logged_events() -> dict[str, set[str]]:
    """Levels by event; an event that is no text in the code is an error, as nobody could look it up."""
    found: dict[str, set[str]] = {}
    for file in sorted(EXPORTER.rglob("*.py")):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        for call, level in _calls(tree):
            for event in _texts(call.args[0], f"{file.relative_to(EXPORTER)}:{call.lineno}"):
                found.setdefault(event, set()).update(level)
    return found


def _calls(tree: ast.Module) -> Iterator[tuple[ast.Call, set[str]]]:
    chosen = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.IfExp):
            levels = [_level(one) for one in (node.value.body, node.value.orelse)]
            if all(levels) and isinstance(node.targets[0], ast.Name):
                chosen[node.targets[0].id] = {level for level in levels if level}
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        if isinstance(node.func, ast.Name) and node.func.id in chosen:
            yield node, chosen[node.func.id]
        elif level := _level(node.func):
            yield node, {level}


def _level(node: ast.expr) -> str | None:
    """Of ``log.info`` and the like."""
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "log":
        return LEVELS.get(node.attr)
    return None


def _texts(node: ast.expr, place: str) -> list[str]:
    if isinstance(node, ast.IfExp):
        return [*_texts(node.body, place), *_texts(node.orelse, place)]
    assert isinstance(node, ast.Constant), f"{place}: an event is a text"
    assert isinstance(node.value, str)
    return [node.value]
