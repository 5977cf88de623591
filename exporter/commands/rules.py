"""``rules``: the alert and recording rules, as files or as Kubernetes objects."""

from __future__ import annotations

import argparse
import re

from exporter.bundled.prometheus_rule import prometheus_rule
from exporter.bundled.rule_files import rules_text
from exporter.commands.output import write_utf_8


def add_flags(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--format", choices=["prometheus", "prometheus-operator"], default="prometheus")
    parser.add_argument(
        "--runbook-base-url", type=_base_url, metavar="URL", help="where your runbooks are: runbook_url points there"
    )
    parser.add_argument(
        "--dashboard-base-url", type=_base_url, metavar="URL", help="where your Grafana is: dashboard_url points there"
    )
    parser.add_argument("--namespace", type=_namespace, help="of the PrometheusRule (only with prometheus-operator)")
    # Whether the flags go together shows only when all of them are parsed.
    parser.set_defaults(wrong_usage=parser.error)


def _base_url(text: str) -> str:
    """Only what may stand in a YAML file and in an annotation template as it is."""
    if not re.fullmatch(
        r"https?://([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]+)?([/?#][\w.~:/?#@!$&()*+,;=%-]*)?", text, re.A
    ):
        raise argparse.ArgumentTypeError(f"{text!r} is no http or https URL")
    return text


def _namespace(text: str) -> str:
    """What Kubernetes takes as a namespace's name."""
    if not re.fullmatch(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", text):
        raise argparse.ArgumentTypeError(f"{text!r} is no name of a Kubernetes namespace")
    return text


def run(arguments: argparse.Namespace) -> int:
    rules = rules_text(arguments.runbook_base_url, arguments.dashboard_base_url)
    if arguments.format == "prometheus-operator":
        rules = prometheus_rule(rules, arguments.namespace)
    elif arguments.namespace:
        arguments.wrong_usage("argument --namespace: only with --format=prometheus-operator")
    write_utf_8(rules)
    return 0
