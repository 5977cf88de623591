"""What the simulator needs of the catalogue: suspension reasons, which of them end by themselves, HubSpot's titles."""

from importlib import resources

import yaml

_CATALOG = yaml.safe_load(resources.files("exporter.catalog").joinpath("catalog.yaml").read_text("utf-8"))

REASONS: tuple[str, ...] = tuple(reason["name"] for reason in _CATALOG["suspension_reasons"])
SELF_CLEARING: frozenset[str] = frozenset(
    reason["name"] for reason in _CATALOG["suspension_reasons"] if reason["clears_by_itself"]
)
TITLES: dict[str, str] = {
    entry["name"]: entry["title"]
    for entries in (
        _CATALOG["suspension_reasons"],
        _CATALOG["categories"],
        *(category["error_types"] for category in _CATALOG["categories"]),
    )
    for entry in entries
}
