"""What the database itself notes of who began what: by triggers, so that no replica can forget to say it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

import psycopg
from psycopg.rows import class_row

# A replica is told by the name its connections bear; PgBouncer hands that on.
_TRIGGERS = """
CREATE TABLE noted_polls (at double precision, who text, integration text, source text);
CREATE TABLE noted_claims (at double precision, who text, job bigint, state text);
CREATE TABLE noted_records (at double precision, who text, job bigint, error_id text, batch bigint);

CREATE INDEX ON noted_records (at);

CREATE FUNCTION moment() RETURNS double precision LANGUAGE sql AS $$ SELECT extract(epoch FROM clock_timestamp()) $$;
CREATE FUNCTION replica() RETURNS text LANGUAGE sql AS $$ SELECT current_setting('application_name') $$;

CREATE FUNCTION note_poll() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO noted_polls VALUES (moment(), replica(), NEW.integration, NEW.source); RETURN NEW; END $$;
CREATE TRIGGER first_poll AFTER INSERT ON polls FOR EACH ROW EXECUTE FUNCTION note_poll();
CREATE TRIGGER next_poll AFTER UPDATE ON polls FOR EACH ROW
    WHEN (NEW.round <> OLD.round) EXECUTE FUNCTION note_poll();

CREATE FUNCTION note_claim() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO noted_claims VALUES (moment(), replica(), NEW.id, NEW.state); RETURN NEW; END $$;
CREATE TRIGGER claim AFTER UPDATE ON jobs FOR EACH ROW
    WHEN (NEW.claims <> OLD.claims OR NEW.state <> OLD.state) EXECUTE FUNCTION note_claim();

CREATE FUNCTION note_record() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO noted_records VALUES (moment(), replica(), NEW.job_id, NEW.error_id, NEW.batch); RETURN NEW; END $$;
CREATE TRIGGER record AFTER UPDATE ON job_records FOR EACH ROW
    WHEN (NEW.outcome = 'sending' AND OLD.outcome <> 'sending') EXECUTE FUNCTION note_record();
"""


@dataclass(frozen=True, slots=True)
class PollBegun:
    at: float
    who: str
    integration: str
    source: str


@dataclass(frozen=True, slots=True)
class Step:
    """A job was claimed (``running``), or left by who had it."""

    at: float
    who: str
    job: int
    state: str


@dataclass(frozen=True, slots=True)
class Sending:
    """An error was marked as being sent in a batch, of which somebody recorded what became at ``recorded_at``."""

    at: float
    who: str
    integration: str
    error_id: str
    recorded_at: float | None


@dataclass(frozen=True, slots=True)
class Ended:
    """A job at its end, with its records by outcome."""

    integration: str
    state: str
    message: str
    created_at: float
    finished_at: float | None
    succeeded: int
    records: int


@dataclass(frozen=True, slots=True)
class Books:
    """All that was noted, each in the order of time."""

    polls: Sequence[PollBegun]
    steps: Sequence[Step]
    sendings: Sequence[Sending]
    jobs: Sequence[Ended]


def open_books(url: str) -> None:
    """Begins to note, in a database that has its tables."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(_TRIGGERS.encode())


_IN_A_BATCH = """
SELECT count(*) FROM noted_records AS noted
JOIN job_records AS now ON job_id = job AND now.error_id = noted.error_id AND now.batch = noted.batch
WHERE outcome = 'sending' AND who = %s AND noted.at > moment() - 1
"""


async def until_in_a_batch(url: str, who: str) -> None:
    """Returns when this replica has begun a batch just now, and not recorded it yet."""
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        while True:
            row = await (await connection.execute(_IN_A_BATCH.encode(), [who])).fetchone()
            if row is not None and row[0]:
                return
            await asyncio.sleep(0.05)


def unfinished(url: str) -> tuple[int, int]:
    """Jobs, and those of them that have not ended."""
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT count(*), count(*) FILTER (WHERE finished_at IS NULL) FROM jobs").fetchone()
    assert row is not None
    return int(row[0]), int(row[1])


def read_books(url: str) -> Books:
    with psycopg.connect(url) as connection:
        polls = connection.cursor(row_factory=class_row(PollBegun)).execute("SELECT * FROM noted_polls ORDER BY at")
        steps = connection.cursor(row_factory=class_row(Step)).execute("SELECT * FROM noted_claims ORDER BY at")
        sendings = connection.cursor(row_factory=class_row(Sending)).execute(
            "SELECT at, who, integration, error_id, ended_at AS recorded_at FROM noted_records"
            " JOIN jobs ON jobs.id = job JOIN batches ON batches.job_id = job AND number = batch ORDER BY at"
        )
        jobs = connection.cursor(row_factory=class_row(Ended)).execute(
            "SELECT jobs.integration, state, message, created_at, finished_at, count(error_id) AS records,"
            " count(error_id) FILTER (WHERE outcome = 'succeeded') AS succeeded"
            " FROM jobs LEFT JOIN job_records ON job_id = id GROUP BY id ORDER BY id"
        )
        return Books(polls.fetchall(), steps.fetchall(), sendings.fetchall(), jobs.fetchall())
