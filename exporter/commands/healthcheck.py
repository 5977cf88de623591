"""``healthcheck``: whether the exporter of this machine answers, or is ready; for probes that run beside it.

What asks from outside brings neither a user's password nor a certificate. Here the web configuration says how it is
served. Who is served it does not say: it holds hashes. So without ``--ready`` a refusal is an answer, too.
"""

from __future__ import annotations

import argparse
import base64
import http.client
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from exporter.commands.flags import ADDRESS, add_listen_address, add_web_config_file
from exporter.config.secret import UNREADABLE, Secret, why_unreadable
from exporter.config.yaml_document import YamlSyntaxError, parse_yaml
from exporter.errors import ExporterError, UsageError

HEALTHY, READY = "/-/healthy", "/-/ready"

PATIENCE = 4.0
"""Seconds without a byte: whoever starts this waits five."""

_ALIVE = (200, 401, 429)
_SHOWN = 200
_EVERYWHERE = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  that is where it is looked for
_PROC = Path("/proc")


def add_flags(parser: argparse.ArgumentParser) -> None:
    add_listen_address(parser, "where it is served; of several the first is asked")
    add_web_config_file(parser)
    parser.add_argument(
        "--of-process",
        type=int,
        metavar="PID",
        help="go by the flags that this process was started with; in a container it is 1",
    )
    parser.add_argument("--ready", action="store_true", help=f"ask {READY}, rather than {HEALTHY}")
    for flag, what in (
        ("--username-file", "a user's name, where users are demanded"),
        ("--password-file", "the user's password"),
        ("--cert-file", "a certificate (PEM), where one is demanded"),
        ("--key-file", "its private key (PEM)"),
    ):
        parser.add_argument(flag, type=Path, metavar="FILE", help=what)
    # Whether the flags go together shows only when all of them are parsed.
    parser.set_defaults(wrong_usage=parser.error)


def run(arguments: argparse.Namespace) -> int:
    for one, other in (("username_file", "password_file"), ("cert_file", "key_file")):
        if (getattr(arguments, one) is None) != (getattr(arguments, other) is None):
            flags = " and ".join(f"--{name.replace('_', '-')}" for name in (one, other))
            arguments.wrong_usage(f"arguments {flags}: one without the other is of no use")
    if arguments.of_process is not None:
        _take_flags_of(arguments.of_process, arguments)
    served = _served(arguments)
    try:
        status, said = _answer(served, arguments)
    except (OSError, http.client.HTTPException) as error:
        if served.demands_certificate and not arguments.ready and _is_refusal(error):
            return 0
        raise ExporterError(f"{served.place}: {_why(error)}") from None
    if status == http.HTTPStatus.OK or (not arguments.ready and status in _ALIVE):
        return 0
    raise ExporterError(f"{served.place}: status {status}: {said}")


@dataclass(frozen=True, slots=True)
class _Served:
    host: str
    port: int
    tls: bool
    demands_certificate: bool

    @property
    def place(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'https' if self.tls else 'http'}://{host}:{self.port}"


def _take_flags_of(process: int, arguments: argparse.Namespace) -> None:
    """Those of ``serve`` in its command line; of a process that is no such thing, nothing."""
    try:
        words = (_PROC / str(process) / "cmdline").read_bytes().decode(errors="replace").split("\0")
    except OSError as error:
        raise UsageError(f"--of-process={process}: {error.strerror}") from None
    if "serve" not in words:
        return
    parser = argparse.ArgumentParser(add_help=False)
    add_listen_address(parser)
    add_web_config_file(parser)
    found, _others = parser.parse_known_args(words[words.index("serve") + 1 :])
    arguments.listen = arguments.listen or found.listen
    arguments.web_config = arguments.web_config or found.web_config
    if arguments.web_config is not None:
        arguments.web_config = _PROC / str(process) / "cwd" / arguments.web_config


def _served(arguments: argparse.Namespace) -> _Served:
    """Where it listens first, and how."""
    address = (arguments.listen or [ADDRESS])[0]
    host, _, port = address.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not port.isdecimal():
        raise UsageError(f"--web.listen-address={address}: expected host:port, [ipv6]:port or :port")
    section = _tls_section(arguments.web_config)
    demands = section.get("client_auth_type") == "RequireAndVerifyClientCert"
    return _Served(_EVERYWHERE.get(host, host), int(port), bool(section), demands)


def _tls_section(file: Path | None) -> dict[str, Any]:
    """As it stands there; ``check-config`` says whether it is good."""
    if file is None:
        return {}
    try:
        data = parse_yaml(file.read_bytes()).data
    except OSError as error:
        raise UsageError(f"--web.config.file: cannot read {file}: {error.strerror}") from None
    except YamlSyntaxError as error:
        raise UsageError(f"--web.config.file: {file}: not YAML: {error}") from None
    section = data.get("tls_server_config") if isinstance(data, dict) else None
    return section if isinstance(section, dict) else {}


def _answer(served: _Served, arguments: argparse.Namespace) -> tuple[int, str]:
    """Status and what was said."""
    connection = (
        http.client.HTTPSConnection(served.host, served.port, timeout=PATIENCE, context=_context(arguments))
        if served.tls
        else http.client.HTTPConnection(served.host, served.port, timeout=PATIENCE)
    )
    try:
        connection.request("GET", READY if arguments.ready else HEALTHY, headers=_user(arguments))
        answer = connection.getresponse()
        said = answer.read(_SHOWN).decode(errors="replace")
        return answer.status, "".join(letter if letter.isprintable() else " " for letter in said).strip()
    finally:
        connection.close()


def _context(arguments: argparse.Namespace) -> ssl.SSLContext:
    """Asked is this machine itself, whose certificate is for the name that others know it by."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    if arguments.cert_file is not None:
        try:
            context.load_cert_chain(arguments.cert_file, arguments.key_file, password=_no_password)
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) and error.errno else "no such pair in PEM form"
            raise UsageError(f"--cert-file, --key-file: {reason}") from None
    return context


def _no_password() -> str:
    """Asked for where the key is encrypted; otherwise OpenSSL asks on the terminal."""
    raise ValueError("encrypted")


def _user(arguments: argparse.Namespace) -> dict[str, str]:
    if arguments.username_file is None:
        return {}
    name, password = (_read(flag, getattr(arguments, flag)) for flag in ("username_file", "password_file"))
    return {"Authorization": f"Basic {base64.b64encode(f'{name}:{password}'.encode()).decode()}"}


def _read(flag: str, file: Path) -> str:
    try:
        return Secret(file=file).read()
    except UNREADABLE as error:
        raise UsageError(f"--{flag.replace('_', '-')}: cannot read {file}: {why_unreadable(error)}") from None


def _is_refusal(error: Exception) -> bool:
    """Whether somebody was there to end the connection. One that hangs ends none."""
    return not isinstance(error, TimeoutError | ConnectionRefusedError)


def _why(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return f"no answer within {PATIENCE:g} s"
    if isinstance(error, ssl.SSLError | http.client.HTTPException):
        return f"the connection ended ({getattr(error, 'reason', None) or type(error).__name__})"
    return str(getattr(error, "strerror", None) or type(error).__name__)
