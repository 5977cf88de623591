"""Samples of a simulated life."""

from __future__ import annotations

from tests.polling.samples import Samples

UP = 'hubspot_salesforce_source_up{integration="acme",source="mailbox"}'
OTHER = 'hubspot_salesforce_trust_status{integration="acme",status="OK"}'


def test_a_series_is_written_for_promtool_as_it_was_scraped() -> None:
    """Gaps before, between and after; what repeats, and what was not scraped because nothing had changed."""
    samples = Samples(began=0.0, seconds=60)
    for page in ("", f"# HELP x\n{UP} 0.0", f"{UP} 0.0\n{OTHER} 1.0", "", f"{UP} 1.0\n{OTHER} 1.0"):
        samples.scrape(page)
    samples.repeat()
    assert {one["series"].partition("{")[0]: one["values"] for one in samples.input_series("beta")} == {
        "hubspot_salesforce_source_up": "_x1 0x1 _x1 1x1",
        "hubspot_salesforce_trust_status": "_x2 1 _x1 1x1",
    }
    assert all('integration="beta"' in one["series"] for one in samples.input_series("beta"))
    assert samples.longest("source_up", 0) == 2


def test_timestamps_are_counted_from_the_beginning() -> None:
    """As the time of promtool is."""
    samples = Samples(began=1000.0, seconds=60)
    samples.scrape('hubspot_salesforce_last_sync_timestamp_seconds{integration="acme",object="deals"} 1030.5')
    assert [one["values"] for one in samples.input_series("acme")] == ["30.5"]
