"""Where the secrets of an integration stand: one file each, beside the configuration. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from exporter.commands.init.questions import JWT_BEARER, Answers

FOLDER = "secrets"


@dataclass(frozen=True, slots=True)
class SecretFile:
    """``what`` goes into it and where that is found; ``made`` makes it where nobody has to type it."""

    name: str
    what: str
    made: str = ""


def salesforce_file(answers: Answers) -> str:
    ending = "salesforce.key" if answers["login"] == JWT_BEARER else "salesforce"
    return f"{FOLDER}/{_plain(answers['name'])}-{ending}"


def hubspot_file(name: str) -> str:
    return f"{FOLDER}/{_plain(name)}-hubspot"


def bridge_file(name: str) -> str:
    return f"{FOLDER}/{_plain(name)}-bridge"


def mailbox_file(name: str) -> str:
    return f"{FOLDER}/{_plain(name)}-mailbox"


def webhook_file() -> str:
    return f"{FOLDER}/webhook"


def api_file() -> str:
    return f"{FOLDER}/api"


def secret_files(answers: Answers) -> tuple[SecretFile, ...]:
    """Those that the configuration names."""
    return tuple(_files(answers))


def _files(answers: Answers) -> Iterator[SecretFile]:
    name, salesforce = answers["name"], salesforce_file(answers)
    if answers["login"] == JWT_BEARER:
        yield SecretFile(
            salesforce,
            f"a private key; upload {FOLDER}/certificate.pem to the app",
            f"openssl req -x509 -newkey rsa:2048 -nodes -days 730 -subj /CN=exporter -keyout {salesforce} "
            f"-out {FOLDER}/certificate.pem",
        )
    else:
        yield SecretFile(salesforce, "the app's Consumer Secret")
    yield SecretFile(hubspot_file(name), "the service key: HubSpot → Settings → Development → Keys → Service keys")
    if answers.get("bridge_url"):
        yield SecretFile(bridge_file(name), "the bridge's token")
    if answers.get("mailbox"):
        yield SecretFile(mailbox_file(name), "the mailbox's password")
    yield SecretFile(
        webhook_file(), "a token of your own, for Alertmanager", f"openssl rand -base64 24 > {webhook_file()}"
    )
    yield SecretFile(api_file(), "another, for who orders resyncs", f"openssl rand -base64 24 > {api_file()}")


def _plain(name: str) -> str:
    """As a part of a file's name."""
    return re.sub(r"[^A-Za-z0-9_-]+", "-", name).strip("-") or "integration"
