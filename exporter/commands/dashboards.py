"""``dashboards``: prints the dashboards, writes them into a folder, or puts them into a running Grafana."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from exporter import __version__
from exporter.bundled.dashboard_files import FOLDER, dashboard, dashboard_texts
from exporter.clients.grafana import GrafanaClient, Placed
from exporter.clients.http.client import ClientOpener
from exporter.clients.http.upstream import Upstream
from exporter.clock import SystemClock
from exporter.commands.destination import FLAGS, add_tls_flags, safe_url, tls_network
from exporter.commands.output import write_files, write_utf_8
from exporter.config.secret import Secret
from exporter.errors import UsageError
from exporter.logs import set_up_logging

VARIABLE = "GRAFANA_TOKEN"
"""Where the token stands unless a flag says otherwise."""

PATIENCE = 30.0
"""Seconds without a byte of an answer."""

_DATASOURCE = "datasource"
"""The variable of every dashboard that names the data source."""

_AT_GRAFANA = ("token_file", "token_env", *FLAGS, "datasource_uid")


def add_flags(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(dashboard_texts())} (default: all)")
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--grafana-url", type=safe_url, metavar="URL", help="of a running Grafana, to put them into")
    where.add_argument("--output-dir", type=Path, metavar="DIR", help="write a file each")
    token = parser.add_mutually_exclusive_group()
    token.add_argument("--token-file", type=Path, metavar="FILE", help="a service account's token")
    token.add_argument("--token-env", metavar="NAME", help=f"the variable that holds it (default: {VARIABLE})")
    parser.add_argument(
        "--folder", metavar="FOLDER", help=f"by title or uid, made if there is none (default: {FOLDER})"
    )
    parser.add_argument(
        "--datasource-uid",
        metavar="UID",
        help="of the data source they begin with (default: Grafana's first Prometheus)",
    )
    add_tls_flags(parser, "--grafana-url")
    # Whether the flags go together shows only when all of them are parsed.
    parser.set_defaults(wrong_usage=parser.error)


def run(arguments: argparse.Namespace) -> int:
    texts = _chosen(arguments)
    if arguments.grafana_url is not None:
        set_up_logging("error", "logfmt")
        return asyncio.run(_install(arguments, [dashboard(text) for text in texts.values()]))
    for flag in (*_AT_GRAFANA, "folder"):
        if getattr(arguments, flag) is not None:
            arguments.wrong_usage(f"argument --{flag.replace('_', '-')}: only with --grafana-url")
    if arguments.output_dir is not None:
        write_files(arguments.output_dir, {f"{name}.json": text for name, text in texts.items()})
    else:
        write_utf_8("".join(texts.values()))
    return 0


def _chosen(arguments: argparse.Namespace) -> Mapping[str, str]:
    texts = dashboard_texts()
    for name in arguments.names:
        if name not in texts:
            arguments.wrong_usage(f"there is no dashboard {name!r}; there are: {', '.join(texts)}")
    return {name: texts[name] for name in arguments.names or texts}


async def _install(arguments: argparse.Namespace, boards: list[dict[str, Any]]) -> int:
    token = _token(arguments)
    async with ClientOpener()(tls_network(arguments)) as http:
        upstream = Upstream(http, SystemClock(), lambda: None, timeout=PATIENCE)
        grafana = GrafanaClient(arguments.grafana_url, token, upstream)
        await grafana.check()
        folder = await grafana.folder(FOLDER if arguments.folder is None else arguments.folder)
        begun = [begun_with(board, arguments.datasource_uid) for board in boards]
        there = [await grafana.dashboard(board["uid"]) for board in begun]
        _refuse_provisioned(begun, there)
        for board, placed in zip(begun, there, strict=True):
            sys.stdout.write(f"{board['title']}: {await _put(grafana, board, placed, folder)}\n")
    return 0


def _refuse_provisioned(boards: Sequence[Mapping[str, Any]], there: Sequence[Placed | None]) -> None:
    """Before anything is written."""
    of_files = [board["title"] for board, placed in zip(boards, there, strict=True) if placed and placed.provisioned]
    if of_files:
        raise UsageError(
            f"Grafana reads {', '.join(of_files)} from files (provisioning, or a sidecar's ConfigMap), and would "
            "overwrite what is saved: change them there"
        )


async def _put(grafana: GrafanaClient, board: Mapping[str, Any], there: Placed | None, folder: str) -> str:
    """Writes it unless it is there already: every save is one more version in Grafana's history."""
    if there is not None and there.folder == folder and _content(there.dashboard) == _content(board):
        return "unchanged"
    await grafana.save(board, folder, f"hubspot-salesforce-exporter {__version__}")
    return "made" if there is None else "updated"


def _content(board: Mapping[str, Any]) -> dict[str, Any]:
    """What is not Grafana's own count of it."""
    return {key: value for key, value in board.items() if key not in ("id", "version")}


def begun_with(board: dict[str, Any], datasource_uid: str | None) -> dict[str, Any]:
    """The dashboard, where its variable of the data source begins with this one."""
    if datasource_uid is None:
        return board
    chosen = {"current": {"selected": True, "text": datasource_uid, "value": datasource_uid}}
    variables = [
        {**variable, **chosen} if variable["type"] == _DATASOURCE else variable
        for variable in board["templating"]["list"]
    ]
    return {**board, "templating": {**board["templating"], "list": variables}}


def _token(arguments: argparse.Namespace) -> Secret:
    if arguments.token_file is not None:
        return Secret(file=arguments.token_file)
    variable = arguments.token_env or VARIABLE
    if variable not in os.environ:
        raise UsageError(
            f"--grafana-url needs a service account's token: --token-file=FILE, or the variable {variable}, which is "
            "not set"
        )
    return Secret(env=variable)
