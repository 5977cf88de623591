"""Grafana dashboards: the JSON files in this folder, and what builds them."""
