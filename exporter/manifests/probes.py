"""How the kubelet finds out whether the exporter lives and is ready.

It asks over HTTPS without looking at the certificate, which is what the Prometheus operator has it do for Prometheus.
It has no certificate to show, and no password but one that stands in the manifest: where these are demanded the
exporter's own command asks instead, in the container, with what is mounted from Secrets.
"""

from __future__ import annotations

from typing import Any

from exporter.manifests.installation import Installation
from exporter.manifests.naming import CERTIFICATE, KEY, PASSWORD, PORT, PORT_NAME, USERNAME
from exporter.manifests.places import CLIENT, USER, WEB_CONFIG_FILE

# A large store takes minutes to migrate after an upgrade: five of them, then it is started anew.
_STARTUP = {"periodSeconds": 5, "timeoutSeconds": 5, "failureThreshold": 60}
_LIVENESS = {"periodSeconds": 10, "timeoutSeconds": 5, "failureThreshold": 6}
_READINESS = {"periodSeconds": 5, "timeoutSeconds": 5, "failureThreshold": 3}
# A command takes a tenth of a second of CPU, and more time where the node is busy.
_STARTUP_BY_COMMAND = {"periodSeconds": 15, "timeoutSeconds": 10, "failureThreshold": 20}
_LIVENESS_BY_COMMAND = {"periodSeconds": 15, "timeoutSeconds": 10, "failureThreshold": 4}
_READINESS_BY_COMMAND = {"periodSeconds": 15, "timeoutSeconds": 10, "failureThreshold": 2}


def probes(installation: Installation) -> dict[str, Any]:
    """By the names that a container has them by."""
    if installation.web.refuses_the_kubelet:
        return {
            "startupProbe": {**_asks(installation, ready=False), **_STARTUP_BY_COMMAND},
            "livenessProbe": {**_asks(installation, ready=False), **_LIVENESS_BY_COMMAND},
            "readinessProbe": {**_asks(installation, ready=True), **_READINESS_BY_COMMAND},
        }
    return {
        "startupProbe": {**_get(installation, "/-/healthy"), **_STARTUP},
        "livenessProbe": {**_get(installation, "/-/healthy"), **_LIVENESS},
        "readinessProbe": {**_get(installation, "/-/ready"), **_READINESS},
    }


def _get(installation: Installation, path: str) -> dict[str, Any]:
    scheme = {"scheme": "HTTPS"} if installation.web.tls else {}
    return {"httpGet": {"path": path, "port": PORT_NAME, **scheme}}


def _asks(installation: Installation, *, ready: bool) -> dict[str, Any]:
    """Whether it is ready the exporter says only to whom it lets in; that it lives it shows by refusing."""
    command = [
        "hubspot-salesforce-exporter",
        "healthcheck",
        f"--web.listen-address=:{PORT}",
        f"--web.config.file={WEB_CONFIG_FILE}",
    ]
    if ready:
        command.append("--ready")
    if ready and installation.web.users:
        command += [f"--username-file={USER}/{USERNAME}", f"--password-file={USER}/{PASSWORD}"]
    if ready and installation.web.certificates:
        command += [f"--cert-file={CLIENT}/{CERTIFICATE}", f"--key-file={CLIENT}/{KEY}"]
    return {"exec": {"command": command}}
