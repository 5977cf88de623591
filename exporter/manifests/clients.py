"""What Prometheus and Alertmanager show to an exporter with a web configuration, and trust it by.

From Secrets of the exporter's namespace, where the operator looks for what its objects name. Keys are called as
cert-manager calls those of a certificate's Secret, and Kubernetes those of a ``kubernetes.io/basic-auth`` one.
"""

from __future__ import annotations

from typing import Any

from exporter.manifests.installation import Installation
from exporter.manifests.naming import AUTHORITY, CERTIFICATE, CLIENT_SECRET, KEY, PASSWORD, USER_SECRET, USERNAME


def tls_config(installation: Installation) -> dict[str, Any]:
    """The operator's ``tlsConfig``, as far as it is the same for all clients."""
    pair = {
        "cert": {"secret": {"name": CLIENT_SECRET, "key": CERTIFICATE}},
        "keySecret": {"name": CLIENT_SECRET, "key": KEY},
    }
    return {
        "ca": {"secret": {"name": CLIENT_SECRET, "key": AUTHORITY}},
        **(pair if installation.web.certificates else {}),
    }


def basic_auth() -> dict[str, Any]:
    return {
        "username": {"name": USER_SECRET, "key": USERNAME},
        "password": {"name": USER_SECRET, "key": PASSWORD},
    }
