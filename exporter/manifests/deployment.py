"""The exporter's pods. They meet the Pod Security Standard ``restricted``."""

from __future__ import annotations

from typing import Any

from exporter.manifests.installation import SQLITE, Installation
from exporter.manifests.naming import NAME, PORT, PORT_NAME, SELECTOR, metadata, pod_labels
from exporter.manifests.sizes import resources, size_of

USER = 10001
"""User and group of the image (``exporter/Dockerfile``)."""

CONFIG_FILE = "/etc/hubspot-salesforce-exporter/exporter.yml"
SECRETS = "/etc/hubspot-salesforce-exporter/secrets"
"""Where ``secrets/NAME`` leads, as ``init`` writes it: relative to the configuration."""
DATA = "/var/lib/hubspot-salesforce-exporter"

_SECURITY = {
    "runAsNonRoot": True,
    "runAsUser": USER,
    "runAsGroup": USER,
    # The volumes' group, so that the user can read the secrets and write the store.
    "fsGroup": USER,
    "fsGroupChangePolicy": "OnRootMismatch",
    "seccompProfile": {"type": "RuntimeDefault"},
}
_CONTAINER_SECURITY = {
    "allowPrivilegeEscalation": False,
    "readOnlyRootFilesystem": True,
    "capabilities": {"drop": ["ALL"]},
}

# A large store takes minutes to migrate after an upgrade: five of them, then it is started anew.
_STARTUP = {"periodSeconds": 5, "timeoutSeconds": 5, "failureThreshold": 60}
_LIVENESS = {"periodSeconds": 10, "timeoutSeconds": 5, "failureThreshold": 6}
_READINESS = {"periodSeconds": 5, "timeoutSeconds": 5, "failureThreshold": 3}


def deployment(installation: Installation) -> dict[str, Any]:
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": metadata(installation),
        "spec": {
            "replicas": installation.replicas,
            "revisionHistoryLimit": 3,
            "strategy": _strategy(installation),
            "selector": {"matchLabels": SELECTOR},
            "template": {
                "metadata": {"labels": pod_labels()},
                "spec": _pod(installation),
            },
        },
    }


def _strategy(installation: Installation) -> dict[str, Any]:
    """Two processes must not have one SQLite, and its volume goes to one node at a time."""
    if installation.store == SQLITE:
        return {"type": "Recreate"}
    return {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}


def _pod(installation: Installation) -> dict[str, Any]:
    pod = {
        # It asks nothing of Kubernetes.
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "securityContext": _SECURITY,
        # Its own drain takes less than ten seconds.
        "terminationGracePeriodSeconds": 30,
        "containers": [_container(installation)],
        "volumes": _volumes(installation),
    }
    return pod if installation.replicas == 1 else {"topologySpreadConstraints": _SPREAD, **pod}


_SPREAD = [
    {
        "maxSkew": 1,
        "topologyKey": "kubernetes.io/hostname",
        "whenUnsatisfiable": "ScheduleAnyway",
        "labelSelector": {"matchLabels": SELECTOR},
    }
]


def _container(installation: Installation) -> dict[str, Any]:
    return {
        "name": "exporter",
        "image": installation.image,
        "args": [
            "serve",
            f"--config.file={CONFIG_FILE}",
            f"--web.listen-address=:{PORT}",
            "--log.format=json",
        ],
        "ports": [{"name": PORT_NAME, "containerPort": PORT, "protocol": "TCP"}],
        "startupProbe": {"httpGet": _path("/-/healthy"), **_STARTUP},
        "livenessProbe": {"httpGet": _path("/-/healthy"), **_LIVENESS},
        "readinessProbe": {"httpGet": _path("/-/ready"), **_READINESS},
        "resources": resources(size_of(installation.integrations)),
        "securityContext": _CONTAINER_SECURITY,
        "volumeMounts": [
            # One file of the volume, as a folder that is mounted here could hold no secrets below it. Another
            # configuration is another ConfigMap or a restart; secrets are read anew whenever they are used.
            {"name": "config", "mountPath": CONFIG_FILE, "subPath": "exporter.yml", "readOnly": True},
            {"name": "secrets", "mountPath": SECRETS, "readOnly": True},
            {"name": "tmp", "mountPath": "/tmp"},  # noqa: S108  a volume of its own
            *([{"name": "data", "mountPath": DATA}] if installation.store == SQLITE else []),
        ],
    }


def _path(path: str) -> dict[str, Any]:
    return {"path": path, "port": PORT_NAME}


def _volumes(installation: Installation) -> list[dict[str, Any]]:
    data = {"name": "data", "persistentVolumeClaim": {"claimName": NAME}}
    return [
        {"name": "config", "configMap": {"name": NAME}},
        # Readable for the group alone.
        {"name": "secrets", "secret": {"secretName": NAME, "defaultMode": 0o440}},
        # An uploaded file of exported errors lies here for a while: 512 MiB at most.
        {"name": "tmp", "emptyDir": {"sizeLimit": "1Gi"}},
        *([data] if installation.store == SQLITE else []),
    ]
