"""A name that claims more than its group shows is found out."""

from __future__ import annotations

from typing import Any

import pytest

from tests.rules.aspects import CHECKS, Evidence, claims
from tests.rules.groups import Group
from tests.rules.rulebook import RULES, alerting

RULE = next(rule for rule in alerting() if rule.name == "HubSpotSalesforceSourceFailing")
DOWN = next(rule for rule in alerting() if rule.name == "HubSpotSalesforceExporterDown")
LABELS = {"integration": "acme", "source": "mailbox", **RULE.labels}
FIRING = [{"exp_labels": LABELS, "exp_annotations": RULE.body["annotations"]}]
FILE = RULES / "tests" / "some.test.yml"


def series(values: str, instance: str = "a", integration: str = "acme") -> dict[str, str]:
    labels = f'job="hubspot-salesforce", instance="{instance}", integration="{integration}", source="mailbox"'
    return {"series": f"hubspot_salesforce_source_up{{{labels}}}", "values": values}


def group(*inputs: dict[str, str], asserted: dict[str, Any], **more: Any) -> Group:
    """A group that asserts these alerts at these times."""
    tests = [{"eval_time": at, "alertname": RULE.name, "exp_alerts": alerts} for at, alerts in asserted.items()]
    body = {"input_series": list(inputs), "alert_rule_test": tests, **more}
    return Group(FILE, {"rule_files": ["../exporter.rules.yml"], "evaluation_interval": "1m"}, body)


def pending(labels: dict[str, str]) -> list[dict[str, Any]]:
    shown = ", ".join(f'{name}="{value}"' for name, value in labels.items())
    sample = {"labels": f'ALERTS{{alertname="{RULE.name}", alertstate="pending", {shown}}}', "value": 1}
    return [{"expr": "ALERTS", "eval_time": "14m", "exp_samples": [sample]}]


GONE = series("0x19 stale")
TRUE = {
    "healthy": group(series("1x20"), asserted={"15m": []}),
    "just below": group(series("0x20"), series("1x20", "b"), asserted={"15m": []}),
    "pending": group(series("0x20"), asserted={"14m": []}, promql_expr_test=pending(LABELS)),
    "firing": group(series("0x20"), asserted={"15m": FIRING}),
    "resolved": group(series("0x16 1x5"), asserted={"16m": FIRING, "17m": []}),
    "handover": group(GONE, series("_x22 0x10", "b"), asserted={"19m": FIRING, "24m": FIRING}),
    "missed scrape": group(series("0x16 stale _ 0x5"), asserted={"16m": FIRING, "17m": FIRING}),
    "absent": group(GONE, asserted={"30m": []}),
    "removed": group(GONE, asserted={"19m": FIRING, "30m": []}),
}
OTHERS_GONE = series("0x19 stale", integration="globex")
LIES = {
    "healthy": [
        group(series("1x20"), asserted={"14m": []}),
        group(series("1x4"), asserted={"15m": []}),
        group(asserted={"15m": []}),
        group(series("1x20"), asserted={"15m": FIRING}),
    ],
    "just below": [group(series("0x20"), asserted={"14m": []})],
    "pending": [
        group(series("0x20"), asserted={"14m": []}),
        group(series("0x20"), asserted={"13m": []}, promql_expr_test=pending(LABELS)),
        group(series("0x20"), asserted={"14m": FIRING}, promql_expr_test=pending(LABELS)),
        group(series("0x20"), asserted={"14m": []}, promql_expr_test=pending({**LABELS, "severity": "critical"})),
    ],
    "firing": [
        group(series("0x20"), asserted={"15m": []}),
        group(series("0x20"), asserted={"15m": [{"exp_labels": LABELS}]}),
        group(series("0x20"), asserted={"15m": [{**FIRING[0], "exp_labels": {"integration": "acme"}}]}),
    ],
    "resolved": [
        group(series("0x20"), asserted={"15m": FIRING, "16m": FIRING}),
        group(series("0x20"), asserted={"14m": [], "15m": FIRING}),
    ],
    "handover": [
        group(series("0x40"), series("_x22 0x10", "b"), asserted={"19m": FIRING, "24m": FIRING}),
        group(GONE, series("0x30", "b"), asserted={"19m": FIRING, "24m": FIRING}),
        group(GONE, series("_x26 0x10", "b"), asserted={"19m": FIRING, "27m": FIRING}),
        group(GONE, series("_x22 0x10", "b", "globex"), asserted={"19m": FIRING, "24m": FIRING}),
        group(GONE, series("_x22 0x10", "b"), asserted={"19m": FIRING, "24m": []}),
        group(GONE, series("_x22 0x30", "b"), asserted={"50m": FIRING}),
    ],
    "missed scrape": [
        group(series("0x16 stale"), asserted={"16m": FIRING, "17m": FIRING}),
        group(series("0x16 stale _ 0x5"), asserted={"15m": FIRING, "16m": FIRING}),
        group(series("0x16 stale _ 0x5"), asserted={"16m": FIRING, "17m": []}),
    ],
    "absent": [group(series("0x20"), asserted={"20m": FIRING}), group(GONE, asserted={"19m": FIRING})],
    "removed": [
        group(series("0x40"), asserted={"19m": FIRING, "30m": []}),
        group(GONE, series("1x40", "b"), asserted={"19m": FIRING, "30m": []}),
        group(GONE, asserted={"30m": []}),
        group(GONE, asserted={"19m": FIRING}),
        group(OTHERS_GONE, asserted={"19m": FIRING, "30m": []}),
    ],
}


def test_every_check_is_tried() -> None:
    """On a true and on a false claim."""
    assert CHECKS.keys() == TRUE.keys() == LIES.keys()


@pytest.mark.parametrize("aspect", CHECKS)
def test_what_a_group_shows_is_believed(aspect: str) -> None:
    """The check of an aspect has nothing to say."""
    assert CHECKS[aspect](Evidence(RULE, TRUE[aspect])) is None


@pytest.mark.parametrize(("aspect", "lie"), [(aspect, lie) for aspect, lies in LIES.items() for lie in lies])
def test_what_a_group_does_not_show_is_not_believed(aspect: str, lie: Group) -> None:
    """The check of an aspect says what is missing."""
    assert CHECKS[aspect](Evidence(RULE, lie)) is not None


def test_a_wait_that_goes_on_shows_a_handover_too() -> None:
    """It fires sooner than it could have, had the wait begun with the second instance."""
    handed_over = group(series("0x9 stale"), series("_x12 0x10", "b"), asserted={"15m": FIRING})
    assert CHECKS["handover"](Evidence(RULE, handed_over)) is None


def test_silence_shows_something_only_of_an_alert_on_absence() -> None:
    """Of any other it might be there for another reason."""
    inputs = [{"series": 'up{job="hubspot-salesforce", instance="a"}', "values": "1x5 0 1x5"}]
    silent_at = [{"eval_time": at, "alertname": DOWN.name, "exp_alerts": list[object]()} for at in ("5m", "6m")]
    silent = Group(FILE, {"evaluation_interval": "1m"}, {"input_series": inputs, "alert_rule_test": silent_at})
    assert CHECKS["missed scrape"](Evidence(DOWN, silent)) is None
    quiet = group(series("1x16 stale _ 1x5"), asserted={"16m": [], "17m": []})
    assert CHECKS["missed scrape"](Evidence(RULE, quiet)) is not None


def test_a_name_claims_the_words_after_its_comma() -> None:
    """Whole words, however they are joined; the alert's own name claims nothing."""
    named = Group(
        FILE, {}, {"name": "SomeHealthy absent, pending, firing and just below; unresolved, no missed scrape"}
    )
    assert claims(named) == ("just below", "pending", "firing", "missed scrape")
