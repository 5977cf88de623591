"""The store: its URL, and whether an SQLite file can be written where it says."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import parse_qsl, urlsplit

from exporter.config import defaults
from exporter.config.draft import Draft
from exporter.config.finding import Finding
from exporter.config.masking import has_password, shown
from exporter.config.paths import why_no_writable_file
from exporter.config.store_url import POSTGRESQL, canonical, database_file


def unusable_store(draft: Draft) -> Iterator[Finding]:
    """A URL without a password, whose host can be told."""
    store = draft.section("store")
    if not isinstance(store, str):
        return
    if has_password(store):
        yield Finding(
            ("store",),
            f"secret stands in the file: {shown(store)}",
            "the password in store_password_file, or in the file that PGPASSFILE names",
        )
    elif canonical(store).startswith(POSTGRESQL) and not _has_host_and_port(store):
        yield Finding(("store",), f"got {shown(store)}", "postgresql://USER@HOST:PORT/DATABASE")
    elif canonical(store).startswith(POSTGRESQL):
        for name in _unknown_parameters(store):
            yield Finding(
                ("store",), f"got {shown(store)} with the parameter {shown(name)}", "parameters of libpq alone"
            )
    elif "?" in store:
        yield Finding(("store",), f"got {shown(store)}", "sqlite:///FILE without parameters")


def _has_host_and_port(url: str) -> bool:
    """Whether the host can be told; a port is optional, but if there is one it is a number up to 65535."""
    try:
        return urlsplit(url).port != 0
    except ValueError:
        return False


def _unknown_parameters(url: str) -> list[str]:
    """Those that libpq refuses, such as ``pgbouncer`` and ``schema``, which other programs' URLs carry."""
    given = [name for name, _value in parse_qsl(urlsplit(url).query, keep_blank_values=True)]
    if not given:
        return []
    from psycopg.pq import Conninfo  # noqa: PLC0415  most stores have no parameters

    known = {option.keyword.decode() for option in Conninfo.get_defaults()}
    return [name for name in given if name not in known]


def unwritable_store(draft: Draft) -> Iterator[Finding]:
    """The directory of an SQLite file is there and can be written: SQLite makes further files beside it."""
    store = draft.section("store") or defaults.STORE
    file = database_file(store, draft.folder) if isinstance(store, str) else None
    reason = None if file is None or has_password(store) or "?" in store else why_no_writable_file(file)
    if reason is not None:
        yield Finding(("store",), f'cannot write "{file}" ({reason})', "a file in a directory that can be written")
