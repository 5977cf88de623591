"""Reads ``--web.config.file``, in the format that all components of Prometheus share.

Its facts are those of exporter-toolkit's ``docs/web-configuration.md``. Relative paths are relative to the file's own
folder.
"""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from exporter.config.check import problems_in
from exporter.config.finding import Finding
from exporter.config.problem import ConfigError, Problem
from exporter.config.schema import schema_findings
from exporter.config.yaml_document import YamlSyntaxError, parse_yaml
from exporter.serving.cipher_suites import CIPHER_SUITES
from exporter.serving.files import Files
from exporter.serving.settings import RateLimit, WebConfig
from exporter.serving.tls_section import NAME as TLS
from exporter.serving.tls_section import TlsSection

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator

HIGHEST_COST = 14
"""Of a bcrypt hash: a second on one core."""
_YAML = "one YAML document in UTF-8, indented with spaces"
_NOT_SHOWN = "got text (not shown, it may be a secret)"
_SECONDS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_TIME = re.compile(r"([0-9.]+)(ns|us|µs|ms|s|m|h)")


def load_web_config(file: Path, files: Files | None = None) -> WebConfig:
    """Reads and checks a web configuration; raises ``ConfigError`` with every problem found.

    ``files`` remember what was read, good or not.
    """
    files = Files() if files is None else files
    try:
        document = parse_yaml(files.read(file))
    except YamlSyntaxError as error:
        raise _not_yaml(file, error) from error
    except OSError as error:
        raise _unreadable(file, error) from error
    data = _without_nothing(document.data)
    findings = list(_schema_findings(data))
    config, more = (WebConfig(), []) if findings else _meant(data, file.parent, files)
    problems = problems_in(file, document, [*findings, *more])
    if problems:
        raise ConfigError(problems)
    return config


def sections_of(file: Path) -> Mapping[str, Any]:
    """What stands there, where the files it names may not be; raises ``ConfigError`` for what its format does not
    have."""
    try:
        document = parse_yaml(file.read_bytes())
    except YamlSyntaxError as error:
        raise _not_yaml(file, error) from error
    except OSError as error:
        raise _unreadable(file, error) from error
    data = _without_nothing(document.data)
    problems = problems_in(file, document, list(_schema_findings(data)))
    if problems:
        raise ConfigError(problems)
    return dict(data)


def _not_yaml(file: Path, error: YamlSyntaxError) -> ConfigError:
    return ConfigError((Problem(str(file), error.line, "", f"not YAML: {error}", _YAML),))


def _unreadable(file: Path, error: OSError) -> ConfigError:
    return ConfigError((Problem(str(file), 1, "", f"cannot read it: {error.strerror}", "a file"),))


def _meant(data: Mapping[str, Any], folder: Path, files: Files) -> tuple[WebConfig, list[Finding]]:
    http = data.get("http_server_config", {})
    config = WebConfig(
        headers=tuple((name, str(value)) for name, value in http.get("headers", {}).items() if value != ""),
        users=dict(data.get("basic_auth_users", {})),
        rate_limit=_rate_limit(data.get("rate_limit", {})),
        notes=tuple(_notes(data)),
    )
    costly = list(_costly(config.users))
    if not data.get(TLS):
        return config, costly
    section = TlsSection(data[TLS], folder, files, http2=http.get("http2", True))
    context = section.context()
    notes = (*config.notes, *section.notes)
    return dataclasses.replace(config, context=context, notes=notes), [*costly, *section.findings]


def _costly(users: Mapping[str, str]) -> Iterator[Finding]:
    """Each step of the cost doubles the time, for which everybody waits whose password is not known yet."""
    for name, hashed in users.items():
        cost = int(hashed.split("$")[2])
        if cost > HIGHEST_COST:
            yield Finding(
                ("basic_auth_users", name),
                f"got a hash of cost {cost}",
                f"one of cost {HIGHEST_COST} at most, as each step doubles the time: htpasswd -nBC 10 {name}",
            )


def _notes(data: Mapping[str, Any]) -> Iterator[str]:
    if data.get("http_server_config", {}).get("http2"):
        yield "http_server_config.http2: HTTP/1.1 is served, which every client of HTTP/2 speaks as well"
    if "interval" in data.get("rate_limit", {}) and _rate_limit(data["rate_limit"]) == RateLimit(
        seconds_of(data["rate_limit"]["interval"]), 0
    ):
        yield "rate_limit.burst is 0: every request is refused"
    if data.get("basic_auth_users") and TLS not in data:
        yield "basic_auth_users without tls_server_config: whoever is on the way can read the passwords"


@cache
def _validator() -> Draft202012Validator:
    """Of the JSON Schema, with the names of the cipher suites filled in."""
    from jsonschema import Draft202012Validator  # noqa: PLC0415  of no use to who has no such file

    text = (resources.files("exporter.serving") / "web_config.schema.json").read_text(encoding="utf-8")
    schema: dict[str, Any] = json.loads(text)
    schema["properties"][TLS]["properties"]["cipher_suites"]["items"]["enum"] = list(CIPHER_SUITES)
    return Draft202012Validator(schema)


def _schema_findings(data: Any) -> Iterator[Finding]:
    for finding in schema_findings(data, _validator()):
        path = finding.path
        if path[:1] == ("basic_auth_users",) and ":" in str(path[-1]):  # perhaps a user and the password
            path = path[:1]
        hidden = not path or path[-1] == "key" or path[0] == "basic_auth_users"
        value = _NOT_SHOWN if hidden and finding.value.startswith('got "') else finding.value
        yield dataclasses.replace(finding, path=path, value=value)


def _without_nothing(data: Any) -> Any:
    """An empty file, and a section or key whose lines are all commented out, say nothing. A user without a password is
    no such thing."""
    if data is None:
        return {}
    if not isinstance(data, dict):
        return data
    return {
        name: section
        if not isinstance(section, dict) or name == "basic_auth_users"
        else {key: value for key, value in section.items() if value is not None}
        for name, section in data.items()
        if section is not None
    }


def _rate_limit(section: Mapping[str, Any]) -> RateLimit | None:
    interval = seconds_of(section.get("interval", 0))
    return RateLimit(interval, int(section.get("burst", 0))) if interval else None


def seconds_of(duration: str | int) -> float:
    """Seconds of a duration as Go writes it."""
    return sum(float(number) * _SECONDS[unit] for number, unit in _TIME.findall(str(duration)))
