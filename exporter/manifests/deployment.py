"""The exporter's pods. They meet the Pod Security Standard ``restricted``."""

from __future__ import annotations

from typing import Any

from exporter.manifests.installation import SQLITE, Installation
from exporter.manifests.naming import (
    CLIENT_SECRET,
    NAME,
    PORT,
    PORT_NAME,
    SELECTOR,
    TLS_SECRET,
    USER_SECRET,
    WEB_SECRET,
    metadata,
    pod_labels,
)
from exporter.manifests.places import CLIENT, CONFIG_FILE, DATA, SECRETS, WEB, WEB_CONFIG_FILE
from exporter.manifests.places import USER as USER_FOLDER
from exporter.manifests.probes import probes
from exporter.manifests.sizes import resources, size_of

USER = 10001
"""User and group of the image (``exporter/Dockerfile``)."""

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
            *([f"--web.config.file={WEB_CONFIG_FILE}"] if installation.web.configured else []),
            "--log.format=json",
        ],
        "ports": [{"name": PORT_NAME, "containerPort": PORT, "protocol": "TCP"}],
        **probes(installation),
        "resources": resources(size_of(installation.integrations)),
        "securityContext": _CONTAINER_SECURITY,
        "volumeMounts": [
            # One file of the volume, as a folder that is mounted here could hold no secrets below it. Another
            # configuration is another ConfigMap or a restart; secrets are read anew whenever they are used.
            {"name": "config", "mountPath": CONFIG_FILE, "subPath": "exporter.yml", "readOnly": True},
            {"name": "secrets", "mountPath": SECRETS, "readOnly": True},
            *({"name": name, "mountPath": path, "readOnly": True} for name, path in _shown(installation)),
            {"name": "tmp", "mountPath": "/tmp"},  # noqa: S108  a volume of its own
            *([{"name": "data", "mountPath": DATA}] if installation.store == SQLITE else []),
        ],
    }


def _shown(installation: Installation) -> list[tuple[str, str]]:
    """The volumes that a web configuration takes, each with where it is mounted: whole, so that what is rotated
    arrives."""
    web = installation.web
    wanted = (("web", WEB, web.configured), ("user", USER_FOLDER, web.users), ("client", CLIENT, web.certificates))
    return [(name, path) for name, path, is_wanted in wanted if is_wanted]


_VOLUMES: dict[str, dict[str, Any]] = {
    "web": {
        "name": "web",
        "projected": {
            "defaultMode": 0o440,
            "sources": [{"secret": {"name": WEB_SECRET}}, {"secret": {"name": TLS_SECRET, "optional": True}}],
        },
    },
    "user": {"name": "user", "secret": {"secretName": USER_SECRET, "defaultMode": 0o440}},
    "client": {"name": "client", "secret": {"secretName": CLIENT_SECRET, "defaultMode": 0o440}},
}


def _volumes(installation: Installation) -> list[dict[str, Any]]:
    data = {"name": "data", "persistentVolumeClaim": {"claimName": NAME}}
    return [
        {"name": "config", "configMap": {"name": NAME}},
        # Readable for the group alone.
        {"name": "secrets", "secret": {"secretName": NAME, "defaultMode": 0o440}},
        *(_VOLUMES[name] for name, _path in _shown(installation)),
        # An uploaded file of exported errors lies here for a while: 512 MiB at most.
        {"name": "tmp", "emptyDir": {"sizeLimit": "1Gi"}},
        *([data] if installation.store == SQLITE else []),
    ]
