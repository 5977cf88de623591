"""Reads every source on its own schedule, within what it may cost."""
