"""What all integrations of a configuration share, as the checks see it."""

from __future__ import annotations

from dataclasses import dataclass

from exporter.config.settings import Config
from exporter.doctor.stores import Store


@dataclass(frozen=True, slots=True)
class House:
    """``store`` is what became of opening it."""

    config: Config
    store: Store
