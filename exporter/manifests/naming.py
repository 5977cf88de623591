"""What the objects are called, and what they know of one another by."""

from __future__ import annotations

from typing import Any

from exporter.bundled.prometheus_rule import LABELS
from exporter.manifests.installation import Installation

NAME = "hubspot-salesforce-exporter"
"""Of the Deployment and all that belongs to it; of the ConfigMap with ``exporter.yml`` and the Secret, too."""

SELECTOR = {"app.kubernetes.io/name": NAME, "app.kubernetes.io/component": "exporter"}
"""Labels of the pods that never change: a Deployment's selector cannot, and a version would."""

JOB = "hubspot-salesforce"
"""What the rules call the scrape job."""

PORT = 9951
PORT_NAME = "http"
WEBHOOK_KEY = "webhook"
"""The key of the Secret that holds the webhook's token: the file that ``init`` calls ``secrets/webhook``."""

WEB_SECRET, TLS_SECRET = f"{NAME}-web", f"{NAME}-tls"
"""``web.yml`` and the files it names; the latter may be another Secret's, such as cert-manager makes."""
CLIENT_SECRET, AUTHORITY, CERTIFICATE, KEY = f"{NAME}-client", "ca.crt", "tls.crt", "tls.key"
"""What the exporter is trusted by, and what is shown to it."""
USER_SECRET, USERNAME, PASSWORD = f"{NAME}-user", "username", "password"
"""One of the web configuration's users, and the password in the clear."""


def pod_labels(component: str = "exporter") -> dict[str, str]:
    """Without those that somebody's selectors ask for: they are for what is selected."""
    return {**LABELS, "app.kubernetes.io/component": component}


def metadata(installation: Installation, name: str = NAME, *, component: str = "exporter") -> dict[str, Any]:
    return {
        "name": name,
        "namespace": installation.namespace,
        "labels": {**pod_labels(component), **dict(installation.labels)},
    }
