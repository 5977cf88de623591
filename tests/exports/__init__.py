"""Exported sync errors."""
