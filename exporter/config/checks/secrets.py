"""Secrets: in a file or in an environment variable, and there now. Their text is never part of a finding."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from exporter.config.draft import Draft
from exporter.config.finding import Finding
from exporter.config.masking import is_file_name, shown
from exporter.config.yaml_document import DocumentPath


def unreadable_files(draft: Draft) -> Iterator[Finding]:
    """Every file of a secret can be read and holds text."""
    for path, name in draft.texts("secret file"):
        if is_file_name(name):
            yield from _file_findings(path, draft.folder / name)
        else:
            yield Finding(path, "got text that is no path (not shown, it may be the secret)", "the path of a file")


def _file_findings(path: DocumentPath, file: Path) -> Iterator[Finding]:
    try:
        empty = not file.read_text(encoding="utf-8").strip()
    except OSError as error:
        yield Finding(path, f'cannot read "{file}" ({error.strerror})', "a readable file")
    except UnicodeDecodeError:
        yield Finding(path, f'"{file}" is not text', "a secret as UTF-8 text")
    else:
        if empty:
            yield Finding(path, f'"{file}" is empty', "a file that holds the secret")


def unset_variables(draft: Draft) -> Iterator[Finding]:
    """Every variable of a secret is set and not blank. What is no name of a variable is the schema's to refuse."""
    for path, name in draft.texts("secret variable"):
        if name.isidentifier() and name.isascii() and not os.environ.get(name, "").strip():
            yield Finding(path, f"environment variable {shown(name)} is not set or empty", "a set, non-empty variable")
