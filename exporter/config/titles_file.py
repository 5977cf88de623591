"""A team's own titles of catalogue entries: what its account's language calls categories and error types."""

from __future__ import annotations

from pathlib import Path

from exporter.catalog.titles import TITLES, Titles, titles_of
from exporter.config.yaml_document import YamlSyntaxError, read_yaml


def titles_in(file: Path) -> Titles:
    """Those of the file, in the form of ``exporter/catalog/titles.yaml``, before the shipped ones; raises
    ``ValueError`` with a sentence for anything else."""
    try:
        data = read_yaml(file).data
    except YamlSyntaxError as error:
        raise ValueError(f"line {error.line}: not YAML: {error}") from error
    except OSError as error:
        raise ValueError(f"cannot be read: {error.strerror}") from error
    if not isinstance(data, dict):
        raise ValueError("no mapping of languages")  # noqa: TRY004
    try:
        return TITLES.with_more(titles_of(data))
    except ValueError as error:
        where, _, why = str(error).partition(": ")
        # Of a file that is another than was meant nothing is repeated but names.
        raise ValueError(str(error) if " is none of " in why else f"{where} is no mapping of titles") from None
