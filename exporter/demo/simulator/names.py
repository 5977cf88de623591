"""Names of the catalogue the simulator needs: suspension reasons, and which of them end by themselves."""

from importlib import resources

import yaml

_CATALOG = yaml.safe_load(resources.files("exporter.catalog").joinpath("catalog.yaml").read_text("utf-8"))

REASONS: tuple[str, ...] = tuple(reason["name"] for reason in _CATALOG["suspension_reasons"])
SELF_CLEARING: frozenset[str] = frozenset(
    reason["name"] for reason in _CATALOG["suspension_reasons"] if reason["clears_by_itself"]
)
