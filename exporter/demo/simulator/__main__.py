"""`python -m exporter.demo.simulator --port=0 --orgs=acme,beta`: the simulator as a process of its own.

It listens on loopback only, prints one line of JSON with its real port (`{"port": 12345}`, with `--imap-port` also
`"imap_port"`) once it listens, and ends with exit code 0 on SIGTERM or SIGINT.
"""

import argparse
import asyncio
import contextlib
import json
import signal
import socket
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import uvicorn
from starlette.types import ASGIApp

from exporter.demo.simulator.app import build_app
from exporter.demo.simulator.imap.server import serving_mail
from exporter.demo.simulator.life.life import Life
from exporter.demo.simulator.request_lines import RequestLines
from exporter.demo.simulator.settings import NOTIFY, Settings
from exporter.demo.simulator.world import World

LOOPBACK = "127.0.0.1"


class Server(uvicorn.Server):
    """A server that says when it listens, and that frees hanging requests before it stops."""

    def __init__(self, config: uvicorn.Config, world: World, imap_port: int | None = None) -> None:
        super().__init__(config)
        self._world = world
        self._ports = {} if imap_port is None else {"imap_port": imap_port}

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, then print the port."""
        await super().startup(sockets)
        if sockets and self.started:
            sys.stdout.write(json.dumps({"port": sockets[0].getsockname()[1], **self._ports}) + "\n")
            sys.stdout.flush()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Stop on SIGTERM and SIGINT; unlike the base class, do not raise them again afterwards."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.stop)
        yield

    def stop(self) -> None:
        """Answer nobody any more."""
        self._world.stopping.set()
        self.should_exit = True


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until a signal comes; the exit code."""
    options = _options().parse_args(arguments)
    world = World(_names(options), time.time, _settings(options))
    life = None if options.life is None else Life(world, options.seed, options.life)
    app: ASGIApp = build_app(world, options.sync_interval or None, life)
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(_listener(options.port))
        if options.request_log is not None:
            app = RequestLines(app, stack.enter_context(options.request_log.open("a", buffering=1)))
        # Clients that poll once a minute keep their connection.
        config = uvicorn.Config(
            app,
            log_level="warning",
            access_log=False,
            date_header=False,  # the simulated APIs tell a time of their own
            timeout_keep_alive=90,
            timeout_graceful_shutdown=2,
        )
        asyncio.run(_serve(config, world, listener, options.imap_port))
    return 0


async def _serve(config: uvicorn.Config, world: World, listener: socket.socket, imap_port: int | None) -> None:
    """The APIs, and beside them the mail server if there is a port for it."""
    if imap_port is None:
        await Server(config, world).serve(sockets=[listener])
        return
    async with serving_mail(world, imap_port) as port:
        await Server(config, world, port).serve(sockets=[listener])


def _listener(port: int) -> socket.socket:
    # asyncio turns Nagle's delay off only for sockets that name their protocol; create_server's do not, and
    # every answer would then wait for the client's delayed acknowledgement (40 ms).
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((LOOPBACK, port))
    return listener


def _options() -> argparse.ArgumentParser:
    usual = Settings()
    parser = argparse.ArgumentParser(prog="python -m exporter.demo.simulator", description=__doc__)
    add = parser.add_argument
    add("--port", type=int, default=0, help="0 picks a free one")
    add("--imap-port", type=int, metavar="PORT", help="serve HubSpot's e-mails over IMAP too; 0 picks a free one")
    add("--orgs", default="acme", help="names, separated by commas")
    add("--more-orgs", type=int, default=0, help="as many more, named org-0001 and so on")
    add("--sync-interval", type=float, default=1.0, help="seconds between rounds; 0: only by the control verb tick")
    add(
        "--life",
        nargs="?",
        const=1.0,
        type=float,
        metavar="PACE",
        help="people work, make mistakes and mend them by themselves, PACE times as fast as in life (default: 1)",
    )
    add("--seed", type=int, default=1, help="the same seed, the same life")
    add("--request-log", type=Path, metavar="FILE", help="write a line of JSON for every request")
    add("--latency", type=float, default=usual.latency, help="seconds an answer takes")
    add("--window-seconds", type=float, default=usual.window_seconds, help="length of the rolling call window")
    add("--limit", type=int, default=usual.daily_limit, help="calls the org may make in the window")
    add("--allocation", type=int, default=usual.allocation, help="calls allocated to HubSpot; -1: none set")
    add("--overage-allowed", action="store_true", help="calls beyond the limit go through")
    add("--records", type=int, default=usual.records, help="linked records of each org")
    add("--traffic", type=float, default=usual.records_per_second, help="records changed per second and org")
    add("--suspend-after", type=int, default=usual.suspend_after, help="errors of missing permissions")
    add("--token-seconds", type=float, default=usual.token_seconds, help="life of a Salesforce session")
    add("--searches-per-second", type=int, default=usual.searches_per_second, help="HubSpot's limit")
    add("--search-lag", type=float, default=usual.search_lag, help="seconds until a search sees a change")
    add("--sync-written-late", type=float, default=usual.sync_written_late, help="seconds until a sync time is noted")
    add("--event-log-interval", choices=("Hourly", "Daily"), default=usual.event_log_interval)
    add("--event-log-lag", type=float, default=usual.event_log_lag, help="seconds until a log file appears")
    add("--event-log-sequences", type=int, default=usual.event_log_sequences, help="log files an hour")
    add(
        "--event-log-nameless",
        type=float,
        default=usual.event_log_nameless,
        help="share of calls without an app's name",
    )
    add("--event-log-without", default="", metavar="COLUMNS", help="columns EventLogFile lacks, separated by commas")
    add("--no-event-logs", action="store_true", help="the org has no event log files")
    add("--notify", choices=NOTIFY, default=usual.notify, help="HubSpot's e-mails about new sync errors")
    return parser


def _names(options: argparse.Namespace) -> list[str]:
    named = [name.strip() for name in options.orgs.split(",") if name.strip()]
    return [*named, *(f"org-{number:04d}" for number in range(1, options.more_orgs + 1))]


def _settings(options: argparse.Namespace) -> Settings:
    return Settings(
        latency=options.latency,
        window_seconds=options.window_seconds,
        daily_limit=options.limit,
        allocation=None if options.allocation < 0 else options.allocation,
        overage_allowed=options.overage_allowed,
        records=options.records,
        records_per_second=options.traffic,
        suspend_after=options.suspend_after,
        token_seconds=options.token_seconds,
        searches_per_second=options.searches_per_second,
        search_lag=options.search_lag,
        sync_written_late=options.sync_written_late,
        event_log_interval=options.event_log_interval,
        event_log_lag=options.event_log_lag,
        event_log_sequences=options.event_log_sequences,
        event_log_nameless=options.event_log_nameless,
        event_log_without=frozenset(name.strip() for name in options.event_log_without.split(",") if name.strip()),
        event_logs=not options.no_event_logs,
        notify=options.notify,
    )


if __name__ == "__main__":
    sys.exit(main())
