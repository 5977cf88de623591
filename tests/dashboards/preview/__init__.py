"""Previews of the dashboards: drawn from their JSON and the results of their queries, by no Grafana."""
