"""The newest write of one user to an object, as SOQL. Pure.

Facts: Salesforce *Object Reference*, System Fields; Salesforce help, *SystemModstamp vs. LastModifiedDate* (000386977).
``LastModifiedDate`` and ``LastModifiedById`` move together, when a user saves the record, also through the API.
``SystemModstamp`` moves then too, but besides whenever Salesforce itself touches the record: a picklist value is
replaced, a roll-up summary field is made, an e-mail bounces, the date of the last activity moves. So by itself it would
tell of a write where nobody wrote, on a record that this user wrote to long ago. It is never older than
``LastModifiedDate``, and it is indexed, which that is not: the one is asked for, and both are bounded. A bound to the
last hour leaves few rows to read and sort, in an org with millions of records too.
"""

from __future__ import annotations

from exporter.clients.salesforce.soql import soql_text, soql_time

WRITTEN = "LastModifiedDate"


def user_query(username: str) -> str:
    """The id of a user; Salesforce compares names without regard to case, and no two orgs share one."""
    return f"SELECT Id FROM User WHERE Username = {soql_text(username)}"  # noqa: S608


def last_write_query(object_name: str, username: str, user_id: str | None, since: float) -> str:
    """The newest write after ``since``, one row or none; by the name of the user as long as the id is not known."""
    by = f"= {soql_text(user_id)}" if user_id is not None else f"IN ({user_query(username)})"
    after = soql_time(since)
    return (
        f"SELECT {WRITTEN} FROM {object_name} WHERE LastModifiedById {by} "  # noqa: S608
        f"AND SystemModstamp >= {after} AND {WRITTEN} >= {after} ORDER BY {WRITTEN} DESC LIMIT 1"
    )
