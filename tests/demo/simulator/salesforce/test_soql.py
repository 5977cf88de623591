from typing import Any

import pytest

from exporter.demo.simulator.salesforce.soql.query import Table, run_query
from exporter.demo.simulator.salesforce.soql.values import Problem
from tests.demo.simulator.conftest import NOON

ROWS: list[dict[str, Any]] = [
    {"Id": "1", "Name": "Ann", "Age": 30, "Born": "1996-01-01T00:00:00.000+0000", "Parent.Label": "X", "Boss": True},
    {"Id": "2", "Name": "Bob's", "Age": None, "Born": None, "Parent.Label": None, "Boss": False},
    {"Id": "3", "Name": "Cyd", "Age": 20, "Born": "2026-11-20T12:00:00.000+0000", "Parent.Label": "Y", "Boss": False},
]
TABLES = {
    "Person": Table("Person", tuple(ROWS[0]), lambda: ROWS),
    "Membership": Table("Membership", ("PersonId",), lambda: [{"PersonId": "3"}]),
}


def ids(where: str) -> str:
    return "".join(row["Id"] for row in run_query(f"SELECT Id FROM Person {where}", TABLES, NOON))  # noqa: S608 - rows in memory


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("", "123"),
        ("WHERE name = 'ANN'", "1"),
        (r"WHERE Name = 'Bob\'s'", "2"),
        ("WHERE Name != 'Ann'", "23"),
        ("WHERE Name LIKE '%B%'", "2"),
        ("WHERE Boss = true", "1"),
        ("WHERE Age = null", "2"),
        ("WHERE Age > 20", "1"),
        ("WHERE Age <= 30 and Boss = FALSE", "3"),
        ("WHERE Name IN ('ann', 'Cyd')", "13"),
        ("WHERE Name NOT IN ('Ann')", "23"),
        ("WHERE NOT Name = 'Ann'", "23"),
        ("WHERE Id IN (SELECT PersonId FROM Membership)", "3"),
        ("WHERE (Name='Ann' OR Name='Cyd') AND Age < 25", "3"),
        ("WHERE Born >= 2026-01-01T00:00:00Z", "3"),
        ("WHERE Born < 2026-01-01", "1"),
        ("WHERE Born >= YESTERDAY", "3"),
        ("WHERE Born = YESTERDAY", "3"),
        ("WHERE Born = LAST_N_DAYS:1", "3"),
        ("WHERE Born = 2026-11-20", "3"),
        ("WHERE Born >= TODAY", ""),
        ("WHERE Parent.Label = 'y'", "3"),
        ("ORDER BY Age", "231"),
        ("ORDER BY Boss DESC, Name DESC LIMIT 2", "13"),
        ("LIMIT 0", ""),
    ],
)
def test_conditions_order_and_limit(where: str, expected: str) -> None:
    """What SOQL would find."""
    assert ids(where) == expected


def test_a_related_object_is_an_object_in_the_record() -> None:
    """Dotted fields nest; every object says its type."""
    record = run_query("SELECT Name, Parent.Label FROM Person LIMIT 1", TABLES, NOON)[0]
    assert record["attributes"]["type"] == "Person"
    assert (record["Name"], record["Parent"]["Label"]) == ("Ann", "X")


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("", "MALFORMED_QUERY"),
        ("SELECT FROM Person", "MALFORMED_QUERY"),
        ("SELECT Id FROM Person WHERE", "MALFORMED_QUERY"),
        ("SELECT Id FROM Person WHERE Name ~ 'x'", "MALFORMED_QUERY"),
        ("SELECT Id FROM Person WHERE Name = Ann", "MALFORMED_QUERY"),
        ("SELECT Id FROM Person WHERE Name = 'Ann", "MALFORMED_QUERY"),
        ("SELECT Id FROM Person WHERE Name IN ('Ann'", "MALFORMED_QUERY"),
        ("SELECT Id FROM Person LIMIT many", "MALFORMED_QUERY"),
        ("SELECT Id FROM Person; DROP", "MALFORMED_QUERY"),
        ("SELECT Id FROM Nobody", "INVALID_TYPE"),
        ("SELECT Id FROM Person WHERE Born > 2026-13-45", "MALFORMED_QUERY"),
        ("SELECT Id FROM Person WHERE Name > 2026-01-01", "INVALID_FIELD"),
        ("SELECT Id FROM Person WHERE Age > 'x'", "INVALID_FIELD"),
        ("SELECT Shoe FROM Person", "INVALID_FIELD"),
        ("SELECT Id FROM Person WHERE Shoe = 1", "INVALID_FIELD"),
        ("SELECT Id FROM Person ORDER BY Shoe", "INVALID_FIELD"),
    ],
)
def test_a_query_that_is_wrong_says_how(query: str, code: str) -> None:
    """With Salesforce's code."""
    with pytest.raises(Problem) as problem:
        run_query(query, TABLES, NOON)
    assert problem.value.code == code
