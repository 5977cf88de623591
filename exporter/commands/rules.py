"""``rules``: the alert and recording rules, as files or as Kubernetes objects."""

from __future__ import annotations

import argparse

from exporter.bundled.prometheus_rule import prometheus_rule
from exporter.bundled.rule_files import rules_text
from exporter.commands.flags import add_base_urls, namespace
from exporter.commands.output import write_utf_8


def add_flags(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--format", choices=["prometheus", "prometheus-operator"], default="prometheus")
    add_base_urls(parser)
    parser.add_argument("--namespace", type=namespace, help="of the PrometheusRule (only with prometheus-operator)")
    # Whether the flags go together shows only when all of them are parsed.
    parser.set_defaults(wrong_usage=parser.error)


def run(arguments: argparse.Namespace) -> int:
    rules = rules_text(arguments.runbook_base_url, arguments.dashboard_base_url)
    if arguments.format == "prometheus-operator":
        rules = prometheus_rule(rules, arguments.namespace)
    elif arguments.namespace:
        arguments.wrong_usage("argument --namespace: only with --format=prometheus-operator")
    write_utf_8(rules)
    return 0
