"""Which alerts fire over the samples of simulated lives, as promtool evaluates all the rules."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from exporter.bundled.rule_files import rules_directory
from tests.polling.samples import Samples
from tests.rules import promtool

Alert = tuple[str, str]
"""Name, without the prefix that all have, and severity."""

PREFIX = "HubSpotSalesforce"


@dataclass(frozen=True)
class Expected:
    """The alerts that fire in a life, at whatever time; those that fire at some minutes; names that may fire; and those
    that do not fire at some minutes, any more or yet."""

    fired: Collection[Alert] = ()
    by_minute: Mapping[float, Alert] = field(default_factory=dict)
    perhaps: Collection[str] = ()
    silent_by_minute: Mapping[float, Alert] = field(default_factory=dict)


def complaints(lives: Mapping[str, tuple[Samples, Expected]], folder: Path, every: int) -> str:
    """What promtool has to say if an alert of an integration fires that is not expected, or one does not fire that is;
    else the empty string. The rules are evaluated ``every`` so many minutes."""
    (seconds,) = {samples.seconds for samples, _ in lives.values()}
    longest = max(samples.scrapes for samples, _ in lives.values())
    content = {
        "rule_files": [str(file.resolve()) for file in sorted(rules_directory().glob("*.rules.yml"))],
        "evaluation_interval": f"{every}m",
        "tests": [
            {
                "interval": f"{seconds:.0f}s",
                "input_series": [
                    _up(longest),
                    *(one for name, (life, _) in lives.items() for one in life.input_series(name)),
                ],
                "promql_expr_test": [one for name, life in lives.items() for one in _questions(name, *life)],
            }
        ],
    }
    file = folder / "alerts.test.yml"
    file.write_text(json.dumps(content), encoding="utf-8")
    return promtool.complaints_of_test(file)


def _up(scrapes: int) -> dict[str, str]:
    return {"series": 'up{job="hubspot-salesforce",instance="exporter"}', "values": f"1x{scrapes}"}


def _questions(name: str, samples: Samples, expected: Expected) -> Iterator[dict[str, Any]]:
    perhaps = "|".join(f"{PREFIX}{alert}" for alert in expected.perhaps)
    firing = f'ALERTS{{alertstate="firing",integration="{name}",alertname!~"{perhaps}"}}'
    end = samples.scrapes * samples.seconds / 60
    yield _question(f"count_over_time({firing}[2w])", end, expected.fired)
    for minute, alert in expected.by_minute.items():
        yield _question(_firing(name, alert), minute, [alert])
    for minute, alert in expected.silent_by_minute.items():
        yield _question(_firing(name, alert), minute, [])


def _firing(name: str, alert: Alert) -> str:
    return f'ALERTS{{alertstate="firing",integration="{name}",alertname="{PREFIX}{alert[0]}",severity="{alert[1]}"}}'


def _question(expression: str, minute: float, alerts: Collection[Alert]) -> dict[str, Any]:
    return {
        "expr": f"group by (alertname, severity) ({expression})",
        "eval_time": f"{minute:.0f}m",
        "exp_samples": [
            {"labels": f'{{alertname="{PREFIX}{name}", severity="{severity}"}}', "value": 1}
            for name, severity in sorted(alerts)
        ],
    }
