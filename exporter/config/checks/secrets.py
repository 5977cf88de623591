"""Secrets: in a file or in an environment variable, there now, and fit for their use. None is part of a finding."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from exporter.config.draft import Draft
from exporter.config.finding import Finding
from exporter.config.masking import is_file_name, shown
from exporter.config.private_key import PrivateKeyError, load_private_key
from exporter.config.secret import Secret, why_unreadable, why_unsendable, why_unusable
from exporter.config.yaml_document import DocumentPath, named_by


def unreadable_files(draft: Draft) -> Iterator[Finding]:
    """Every file of a secret can be read and holds text that is of use."""
    for path, name in draft.texts("secret file"):
        if is_file_name(name):
            yield from _file_findings(path, draft.folder / name)
        else:
            yield Finding(path, "got text that is no path (not shown, it may be the secret)", "the path of a file")


def _file_findings(path: DocumentPath, file: Path) -> Iterator[Finding]:
    try:
        text = Secret(file=file).read()
    except OSError as error:
        yield Finding(path, f'cannot read "{file}" ({error.strerror})', "a readable file")
    except UnicodeError as error:
        yield Finding(path, f'"{file}" is not text ({why_unreadable(error)})', "a secret as UTF-8 text")
    else:
        if not text:
            yield Finding(path, f'"{file}" is empty', "a file that holds the secret")
        yield from _unfit(path, f'"{file}"', text)


def unset_variables(draft: Draft) -> Iterator[Finding]:
    """Every variable of a secret is set and of use. What is no name of a variable is the schema's to refuse."""
    for path, name in draft.texts("secret variable"):
        if not (name.isidentifier() and name.isascii()):
            continue
        where = f"environment variable {shown(name)}"
        text = Secret(env=name).read() if name in os.environ else ""
        if not text:
            yield Finding(path, f"{where} is not set or empty", "a set, non-empty variable")
        yield from _unfit(path, where, text)


def _unfit(path: DocumentPath, where: str, text: str) -> Iterator[Finding]:
    """What a secret that is there cannot be used for, though its key says so."""
    key = named_by(path)
    if text and key.startswith("private_key"):
        try:
            load_private_key(text)
        except PrivateKeyError as error:
            yield Finding(path, f"{where} is no private key: {error}", "an unencrypted RSA private key in PEM form")
    elif text and "token" in key:
        reason = why_unsendable(text)
        if reason is not None:
            yield Finding(path, f"{where} {reason}", "a token that an HTTP header can carry, on one line")
    elif reason := why_unusable(text):
        yield Finding(path, f"{where} {reason}", "the secret alone, on one line")
