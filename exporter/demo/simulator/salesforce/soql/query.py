"""SOQL, as much of it as monitoring asks: SELECT … FROM … WHERE … ORDER BY … LIMIT …

Conditions: = != < <= > >= LIKE IN and NOT IN (of values or of another SELECT), joined by AND, OR, NOT and
parentheses. Values: 'text', numbers, true, false, null, dates, TODAY, YESTERDAY, LAST_N_DAYS:n. Names are read
without regard to case, and texts are compared that way.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from exporter.demo.simulator.salesforce.soql.text import Parser, Select
from exporter.demo.simulator.salesforce.soql.values import Problem

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Table:
    """An object: its name, its fields (of a related object as `Parent.Label`), and how to get its rows."""

    name: str
    fields: tuple[str, ...]
    rows: Callable[[], list[dict[str, Any]]]


def run_query(text: str, tables: Mapping[str, Table], now: float) -> list[dict[str, Any]]:
    """The records of a query in Salesforce's form. Problem with Salesforce's error code when it cannot be run."""
    by_name = {name.lower(): table for name, table in tables.items()}
    select = Parser(text, now).parse()
    table = _table(select, by_name)
    chosen = [_field(table, name) for name in select.fields]
    return [_record(table, row, chosen) for row in _rows(select, table, by_name)]


def _table(select: Select, tables: Mapping[str, Table]) -> Table:
    table = tables.get(select.table.lower())
    if table is None:
        raise Problem("INVALID_TYPE", f"sObject type '{select.table}' is not supported.")
    return table


def _field(table: Table, name: str) -> str:
    for known in table.fields:
        if known.lower() == name.lower():
            return known
    raise Problem("INVALID_FIELD", f"No such column '{name}' on entity '{table.name}'.")


def _rows(select: Select, table: Table, tables: Mapping[str, Table]) -> list[dict[str, Any]]:
    def field(row: Row, name: str) -> Any:
        return row[_field(table, name)]

    def inner(other: Select) -> list[Any]:
        other_table = _table(other, tables)
        column = _field(other_table, other.fields[0])
        return [row[column] for row in _rows(other, other_table, tables)]

    for name in select.named:
        _field(table, name)
    condition = select.condition
    rows = [row for row in table.rows() if condition is None or condition(row, field, inner)]
    for name, descending in reversed(select.order):
        column = _field(table, name)
        rows.sort(key=lambda row: (row[column] is not None, row[column]), reverse=descending)
    return rows[: select.limit]


def _record(table: Table, row: Row, chosen: list[str]) -> dict[str, Any]:
    """`Parent.Label` becomes an object in the record, null if there is none; every object says what type it is."""
    record: dict[str, Any] = {"attributes": _attributes(table.name, row.get("Id"))}
    for name in chosen:
        parent, dot, child = name.rpartition(".")
        if dot and row.get(f"{parent}.Id", parent) is None:
            record[parent] = None
        elif dot:
            related = record.setdefault(parent, {"attributes": _attributes(parent, row.get(f"{parent}.Id"))})
            related[child] = row[name]
        else:
            record[name] = row[name]
    return record


def _attributes(name: str, row_id: Any) -> dict[str, Any]:
    return {"type": name, "url": f"/services/data/v62.0/sobjects/{name}/{row_id}"}
