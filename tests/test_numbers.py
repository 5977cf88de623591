"""Numbers in the exporter's README that stand in no table: bounds, patience, sizes of a batch."""

from __future__ import annotations

from pathlib import Path

import pytest

from exporter.clients.bridge import MAX_RESYNC_IDS
from exporter.clients.hook import MAX_RECORDS
from exporter.clients.http.answer import MOST_LEVELS
from exporter.clients.http.upstream import MAX_ANSWER_BYTES
from exporter.config.defaults import MAX_API_CALLS_PER_DAY
from exporter.doctor.calls import MOST
from exporter.exports.archive import MAX_RATIO
from exporter.exports.folder import MAX_FILES
from exporter.exports.reader import MAX_BYTES, MAX_ROWS
from exporter.exposition.cuts import FORGOTTEN_AFTER, MOST_SHARDS, NUMBERS
from exporter.mail.message import LONGEST_MESSAGE
from exporter.polling.entrance import PLACES
from exporter.remediation.backlog import MOST_FOUND
from exporter.remediation.catching_up import LONGEST
from exporter.remediation.lease import LEASE
from exporter.server import WORK_GRACE
from exporter.sources.letters.reader import LOOKS_BACK, MOST_AT_FIRST
from exporter.web.rooms import AT_ONCE
from exporter.web.slow_clients import Patience

ROOT = Path(__file__).parent.parent
README, FAQ = (" ".join((ROOT / f"exporter/{name}.md").read_text("utf-8").split()) for name in ("README", "FAQ"))
WORDS = {3: "three", 4: "four", 10: "ten", 15: "fifteen", 20: "twenty", 100: "a hundred", 1_000: "a thousand"}
KIB, DAY = 1024, 86_400


@pytest.mark.parametrize(
    "said",
    [
        f"hold more than {Patience().connections} connections, or one that does not get on for "
        f"{WORDS[int(Patience().seconds)]} seconds",
        f"keep {WORDS[AT_ONCE]} requests busy",
        f"seconds for every {Patience().body_bytes // KIB} KiB, a header {WORDS[int(Patience().seconds)]} seconds and "
        f"{Patience().header_bytes // KIB} KiB",
        f"answer more than {MAX_ANSWER_BYTES // KIB**2} MiB or {MOST_LEVELS} levels deep",
        f"{MAX_BYTES // KIB**2} MiB and {MAX_ROWS:,} rows a file, {MAX_FILES} files",
        f"one that unpacks to {WORDS[MAX_RATIO]} times its size",
        f"goes back {LOOKS_BACK / DAY:.0f} days, over the newest {MOST_AT_FIRST:,} messages at most",
        f"Of a message at most {LONGEST_MESSAGE // KIB} KiB are read",
        f"First polls begin at once, {PLACES} at a time of each source",
        f"for {LEASE:.0f} s from its last sign of life",
        f"takes the oldest {MOST_FOUND:,} of an object and kind",
        f"about eight an integration and {WORDS[MOST]} at most",
        f"(for {LONGEST / DAY:.0f} days at most, not the day that other jobs wait)",
        f"more than {MAX_RESYNC_IDS} in one request",
        f"It posts at most {MAX_RECORDS} records a delivery",
        f"has {WORDS[int(WORK_GRACE)]} seconds to come to its end",
        f"for the {WORDS[NUMBERS]} numbers of parts that were asked for last, each up to {MOST_SHARDS} parts, and "
        f"until nobody has asked for it for {WORDS[int(FORGOTTEN_AFTER / 60)]} minutes",
    ],
)
def test_the_readme_says_what_the_code_does(said: str) -> None:
    """Word by word, wherever the lines break."""
    assert said in README


def test_the_faq_says_what_it_costs() -> None:
    """As the README."""
    assert f"`salesforce.max_api_calls_per_day` ({MAX_API_CALLS_PER_DAY})" in FAQ
    for calls in ("286", "326"):
        assert f"**{calls}**" in README
        assert f"{calls} " in FAQ
