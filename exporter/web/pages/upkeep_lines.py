"""What the exporter itself lacks, in a sentence each with what to do. Whose value is wrong in a configuration stands in
the log alone: this page has no token."""

from __future__ import annotations

from exporter.state.upkeep import Upkeep

NOT_RELOADED = (
    "The last reload of the configuration failed, and the one from before goes on: correct what check-config names, or "
    "what the log says (configuration not reloaded), and reload again."
)


def upkeep_lines(upkeep: Upkeep) -> tuple[str, ...]:
    """Nothing where all is well."""
    store = upkeep.store_problem
    unwritable = () if store is None else (_unwritable(store.removeprefix("store: ")),)
    return unwritable if upkeep.is_reloaded else (*unwritable, NOT_RELOADED)


def _unwritable(why: str) -> str:
    return (
        "The store takes no writes, so that nothing is resynced and webhooks are refused; once it is "
        f"repaired all goes on by itself: {why}."
    )
