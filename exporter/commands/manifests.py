"""``manifests``: the Kubernetes objects, as a stream or as files. Nothing is sent to a cluster."""

from __future__ import annotations

import argparse
import re
from pathlib import Path

from exporter import __version__
from exporter.commands.flags import add_base_urls, namespace
from exporter.commands.output import write_files, write_utf_8
from exporter.manifests.installation import POSTGRESQL, SQLITE, STORES, Installation, Web
from exporter.manifests.naming import WEB_SECRET
from exporter.manifests.parts import PARTS, objects
from exporter.manifests.sizes import LARGEST, size_of
from exporter.manifests.stream import files, stream
from exporter.serving.web_config import sections_of

_IMAGE = f"hubspot-salesforce-exporter:{__version__}"


def add_flags(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--namespace", type=namespace, default="monitoring", help="of all objects (default: %(default)s)"
    )
    parser.add_argument(
        "--image", type=_image, default=_IMAGE, help="where your cluster finds it (default: %(default)s)"
    )
    parser.add_argument(
        "--store", choices=STORES, default=SQLITE, help="what the configuration's store is (default: %(default)s)"
    )
    parser.add_argument("--replicas", type=_number, metavar="N", help="default: 1, with PostgreSQL 2")
    parser.add_argument(
        "--integrations",
        type=_size,
        default=10,
        metavar="N",
        help=f"how many there will be, {LARGEST} at most: decides memory, CPU and disk (default: %(default)s)",
    )
    parser.add_argument(
        "--label",
        type=_label,
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="one that the operator selects by, such as release=kube-prometheus-stack; several times",
    )
    parser.add_argument(
        "--allow-from",
        type=namespace,
        action="append",
        default=[],
        metavar="NAMESPACE",
        help="of Prometheus or Alertmanager, if it is another; several times",
    )
    parser.add_argument(
        "--egress-port",
        type=_port,
        action="append",
        default=[],
        metavar="PORT",
        help="a port it may reach beside 53, 443, 993 and PostgreSQL's 5432, such as a proxy's; several times",
    )
    parser.add_argument(
        "--web.config.file",
        dest="web_config",
        type=Path,
        metavar="FILE",
        help=f"the web configuration that the Secret {WEB_SECRET} holds: decides how it is probed, scraped and told",
    )
    add_base_urls(parser)
    parser.add_argument("--only", type=_parts, default=(), metavar="PART,…", help=f"only these, of: {', '.join(PARTS)}")
    parser.add_argument(
        "--output-dir", type=Path, metavar="DIR", help="a file each, with a kustomization.yaml, instead of one stream"
    )
    # Whether the flags go together shows only when all of them are parsed.
    parser.set_defaults(wrong_usage=parser.error)


def run(arguments: argparse.Namespace) -> int:
    made = objects(_installation(arguments), arguments.only)
    if arguments.output_dir is None:
        write_utf_8(stream(made))
    else:
        write_files(arguments.output_dir, files(made))
    return 0


def _installation(arguments: argparse.Namespace) -> Installation:
    replicas = arguments.replicas or (2 if arguments.store == POSTGRESQL else 1)
    if replicas > 1 and arguments.store == SQLITE:
        arguments.wrong_usage("argument --replicas: several replicas need --store=postgresql; SQLite is one process's")
    return Installation(
        namespace=arguments.namespace,
        image=arguments.image,
        store=arguments.store,
        replicas=replicas,
        integrations=arguments.integrations,
        labels=tuple(arguments.label),
        callers=tuple(arguments.allow_from),
        egress_ports=tuple(arguments.egress_port),
        runbook_base_url=arguments.runbook_base_url,
        dashboard_base_url=arguments.dashboard_base_url,
        web=Web() if arguments.web_config is None else _web(arguments.web_config),
    )


def _web(file: Path) -> Web:
    """Raises ``ConfigError``. The files it names may be in the cluster alone."""
    sections = sections_of(file)
    tls = sections.get("tls_server_config", {})
    return Web(
        configured=True,
        tls=bool(tls),
        users=bool(sections.get("basic_auth_users")),
        certificates=tls.get("client_auth_type") == "RequireAndVerifyClientCert",
    )


def _image(text: str) -> str:
    """A reference as registries have it: host and path, then a tag, a digest, or both."""
    if not re.fullmatch(r"[a-z0-9][\w.:/-]*(@sha256:[0-9a-f]{64})?", text, re.A | re.I):
        raise argparse.ArgumentTypeError(f"{text!r} is no name of an image")
    return text


def _label(text: str) -> tuple[str, str]:
    """What Kubernetes takes as a label."""
    part = r"[A-Za-z0-9]([\w.-]{0,61}[A-Za-z0-9])?"
    if not re.fullmatch(rf"([a-z0-9]([a-z0-9.-]{{0,251}}[a-z0-9])?/)?{part}=({part})?", text, re.A):
        raise argparse.ArgumentTypeError(f"{text!r} is no label NAME=VALUE of Kubernetes")
    name, _, value = text.partition("=")
    return name, value


def _number(text: str) -> int:
    if not re.fullmatch(r"[1-9][0-9]{0,3}", text, re.A):
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 1 to 9999")
    return int(text)


def _size(text: str) -> int:
    """A number for which there is a size."""
    integrations = _number(text)
    try:
        size_of(integrations)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{error}; share them out among several exporters") from None
    return integrations


def _port(text: str) -> int:
    if not re.fullmatch(r"[1-9][0-9]{0,4}", text, re.A) or int(text) > 65535:  # noqa: PLR2004
        raise argparse.ArgumentTypeError(f"{text!r} is no port")
    return int(text)


def _parts(text: str) -> tuple[str, ...]:
    parts = tuple(text.split(","))
    for part in parts:
        if part not in PARTS:
            raise argparse.ArgumentTypeError(f"there is no part {part!r}; there are: {', '.join(PARTS)}")
    return parts
