"""The store: there, of this version, writable."""

from __future__ import annotations

from collections.abc import Sequence

from exporter.doctor import sections
from exporter.doctor.check import Check
from exporter.doctor.finding import Finding, doubtful, failed, good
from exporter.doctor.house import House
from exporter.store.upgrade import NEWER, REMEDY

_SERVER = "check store and store_password_file, the server, and the rights of its user on the database"
_FILE = "let the exporter's own user write the file of `store` and the directory it is in"
_NEWER_STORE = "run the newer version, or name a copy of the store from before it in `store`"
_NO_STORE = "restore a copy of what `store` names, or name another there"


async def examine(house: House) -> Sequence[Finding]:
    store = house.store
    change = _FILE if store.is_file else _SERVER
    if store.error is not None:
        told = str(store.error)
        changes = {REMEDY: _NO_STORE, NEWER: _NEWER_STORE}
        return (failed(told, next((words for sign, words in changes.items() if sign in told), change)),)
    if store.outdated:
        return (doubtful("its tables are missing or of another version", "the next serve brings them up to date"),)
    if store.database is None:
        return (good("not there yet: the first serve makes the file, and the directory can be written"),)
    problem = await store.database.problem()
    if problem is not None:
        return (failed(problem, change),)
    kind = "a file, of one exporter alone" if store.is_file else "PostgreSQL, which several replicas may share"
    return (good(f"open and writable, with the tables of this version; {kind}"),)


CHECK = Check("store", sections.CONFIGURATION, "the store cannot be used", lambda _house: True, examine)
