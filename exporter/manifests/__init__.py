"""Kubernetes objects: what runs the exporter, what scrapes it, rules, notifications, dashboards. Pure: a file a noun.

An object is a plain dict, so that nothing can be quoted wrongly; ``stream`` makes YAML of them.
"""
