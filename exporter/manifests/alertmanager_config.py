"""The route to the webhook, for the Alertmanager of the Prometheus operator.

Route, receiver and inhibition are those of ``rules/alertmanager.yml``, where it says why they are as they are: the
receiver gets the Service's address and the Secret's token. Who is paged, and how, the cluster has decided already.

By default the operator adds ``namespace="…"`` to every matcher (``alertmanagerConfigMatcherStrategy``), which the
alerts of ``rules`` carry.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import yaml

from exporter.bundled.rule_files import rules_directory
from exporter.manifests.clients import tls_config
from exporter.manifests.installation import Installation
from exporter.manifests.naming import NAME, WEBHOOK_KEY, metadata
from exporter.manifests.service import service_url

RECEIVER = "hubspot-salesforce-resync"
"""What ``alertmanager.yml`` calls the exporter."""

_MATCHER = re.compile(r'(?P<name>\w+)(?P<op>=~|!~|!=|=)"(?P<value>[^"\\]*)"')


def alertmanager_config(installation: Installation) -> dict[str, Any]:
    shipped = yaml.safe_load((rules_directory() / "alertmanager.yml").read_text(encoding="utf-8"))
    (route,) = (one for one in shipped["route"]["routes"] if one["receiver"] == RECEIVER)
    return {
        "apiVersion": "monitoring.coreos.com/v1alpha1",
        "kind": "AlertmanagerConfig",
        "metadata": metadata(installation, component="monitoring"),
        "spec": {
            "route": {
                "receiver": RECEIVER,
                "matchers": _matchers(route["matchers"]),
                "groupBy": route["group_by"],
                "groupWait": route["group_wait"],
                "groupInterval": route["group_interval"],
                "repeatInterval": route["repeat_interval"],
                "continue": True,
            },
            "receivers": [{"name": RECEIVER, "webhookConfigs": [_webhook(installation)]}],
            "inhibitRules": [
                {
                    "sourceMatch": _matchers(rule["source_matchers"]),
                    "targetMatch": _matchers(rule["target_matchers"]),
                    "equal": rule["equal"],
                }
                for rule in shipped["inhibit_rules"]
            ],
        },
    }


def _webhook(installation: Installation) -> dict[str, Any]:
    return {
        "url": f"{service_url(installation)}/alertmanager/webhook",
        "sendResolved": True,
        "maxAlerts": 0,
        "httpConfig": {
            # The token lets in where users are demanded, too.
            "authorization": {"type": "Bearer", "credentials": {"name": NAME, "key": WEBHOOK_KEY}},
            **({"tlsConfig": tls_config(installation)} if installation.web.tls else {}),
            # The token is not for wherever a redirect leads.
            "followRedirects": False,
        },
    }


def _matchers(texts: Sequence[str]) -> list[dict[str, str]]:
    """``name="value"`` in the parts that the operator wants."""
    return [_matcher(text) for text in texts]


def _matcher(text: str) -> dict[str, str]:
    match = _MATCHER.fullmatch(text)
    if match is None:
        raise AssertionError(f"rules/alertmanager.yml: a matcher that is not written as the others: {text}")
    return {"name": match["name"], "matchType": match["op"], "value": match["value"]}
