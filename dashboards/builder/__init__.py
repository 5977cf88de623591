"""Builds the dashboards with Grafana's Foundation SDK: ``python -m dashboards.builder`` writes the JSON files."""
