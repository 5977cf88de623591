"""Colours, and the words that go with them: no colour says anything that is not written too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from grafana_foundation_sdk.models import dashboard

GREEN, ORANGE, RED, BLUE, GREY, PURPLE, YELLOW, TEXT = (
    "green",
    "orange",
    "red",
    "blue",
    "#8e8e99",
    "purple",
    "yellow",
    "text",
)
Steps = Sequence[tuple[float | None, str]]
"""Thresholds: from which value on which colour; the first starts at minus infinity, ``None``."""

PLAIN: Steps = ((None, BLUE),)
ANY_IS_BAD: Steps = ((None, GREEN), (1, RED))
ANY_IS_NOTABLE: Steps = ((None, GREEN), (1, ORANGE))
SHARE_OF_CALLS: Steps = ((None, GREEN), (0.75, ORANGE), (1.0, RED))
"""At 75 % HubSpot stops retrying sync errors; at 100 % nothing syncs."""
SHARE_OF_STORAGE: Steps = ((None, GREEN), (0.8, ORANGE), (0.95, RED))
SHARE_OF_CAP: Steps = ((None, GREEN), (0.8, ORANGE), (1.0, RED))
"""At 80 % of the cap the exporter begins to ask Salesforce less."""
SHARE_OF_DAY: Steps = ((None, GREEN), (0.9, ORANGE), (1.0, RED))
"""Of HubSpot's own calls of a day the last tenth is left to the account's other apps."""
AGE_OF_SYNC: Steps = ((None, GREEN), (3_600, ORANGE), (4 * 3_600, RED))
AVAILABILITY: Steps = ((None, RED), (0.99, ORANGE), (0.999, GREEN))
OBJECTIVE: Steps = ((None, RED), (0.95, ORANGE), (0.99, GREEN))
BUDGET: Steps = ((None, RED), (0.0, ORANGE), (0.25, GREEN))
BURN: Steps = ((None, GREEN), (1, ORANGE), (6, RED))

Words = Mapping[str, tuple[str, str]]
"""What stands for a value: its text and its colour."""

STATES: Words = {
    "0": ("✔ nothing wrong seen", GREEN),
    "1": ("● an alert fires", YELLOW),
    "2": ("? a source fails", PURPLE),
    "3": ("▲ cause seen", ORANGE),
    "4": ("✖ suspended", RED),
}
REPORTED: Words = {"0": ("no", GREEN), "1": ("✖ suspended", RED)}
SEEN: Words = {"0": ("no", GREEN), "1": ("▲ seen", ORANGE)}
YES_NO: Words = {"0": ("✖ no", RED), "1": ("✔ yes", GREEN)}
IN_TIME: Words = {"0": ("✖ late", RED), "1": ("✔ in time", GREEN)}
TRUST: Words = {
    "0": ("✔ OK", GREEN),
    "1": ("i informational", BLUE),
    "2": ("⚙ maintenance", YELLOW),
    "3": ("▲ minor incident", ORANGE),
    "4": ("✖ major incident", RED),
}
SEVERITIES: Words = {"critical": ("✖ critical", RED), "warning": ("▲ warning", ORANGE)}


def mapping(words: Words) -> list[dashboard.ValueMapping]:
    """The same as Grafana writes it."""
    return [
        dashboard.ValueMap(
            {
                value: dashboard.ValueMappingResult(text=text, color=color or None, index=index)
                for index, (value, (text, color)) in enumerate(words.items())
            }
        )
    ]


def unknown(text: str) -> dashboard.ValueMapping:
    """What stands where there is no value, in the colour of text: Grafana would take that of the lowest threshold."""
    return dashboard.SpecialValueMap(
        dashboard.DashboardSpecialValueMapOptions(
            dashboard.SpecialValueMatch.NULL_AND_NAN, dashboard.ValueMappingResult(text=text, color=TEXT)
        )
    )


def thresholds(steps: Steps) -> dashboard.ThresholdsConfig:
    """The same as Grafana writes it."""
    return dashboard.ThresholdsConfig(
        dashboard.ThresholdsMode.ABSOLUTE, [dashboard.Threshold(value, color) for value, color in steps]
    )
