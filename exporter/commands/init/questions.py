"""What has to be known to write a configuration: a table of questions, each with its flag and what is a good answer.

No secret is asked for: it stands in a file, whose name is derived from the integration's.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from exporter.config.checks.salesforce_urls import is_shortened, wrong_hosts
from exporter.config.draft import Draft
from exporter.config.meaningful import MEANINGFUL
from exporter.config.salesforce_host import is_my_domain, is_salesforce
from exporter.config.schema import config_schema
from exporter.config.urls import host_of, is_safe_url

Answers = dict[str, str]
"""By the key of the question; an empty text is none."""

CLIENT_CREDENTIALS, JWT_BEARER = "client_credentials", "jwt_bearer"
IMAPS = 993

_URL = "an https:// URL (http:// to loopback only)"
_HOST = re.compile(r"[a-z0-9_.-]{1,253}", re.IGNORECASE)
_LARGEST_PORT = 65_535


@dataclass(frozen=True, slots=True)
class Question:
    """``judge`` says why an answer is no good, ``None`` if it is good. Without ``needed`` it may be left unanswered.

    It is asked only if it ``applies`` to what was answered before.
    """

    key: str
    prompt: str
    help: str
    judge: Callable[[str, Answers], str | None]
    default: Callable[[Answers], str]
    metavar: str = "TEXT"
    choices: tuple[str, ...] = ()
    needed: bool = False
    applies: Callable[[Answers], bool] = lambda _answers: True

    @property
    def flag(self) -> str:
        return "--" + self.key.replace("_", "-")


def trouble(question: Question, answer: str, answers: Answers) -> str | None:
    """Why this is no answer to the question, with what was expected; ``None`` if it is one."""
    if not answer:
        return "an answer is needed" if question.needed else None
    if not answer.isprintable():
        return "it holds a character that cannot be printed"
    return question.judge(answer, answers)


def missing(answers: Answers) -> tuple[Question, ...]:
    """Questions that apply and have to be answered, and are not."""
    return tuple(_missing(answers))


def _missing(answers: Answers) -> Iterator[Question]:
    for question in QUESTIONS:
        if question.needed and question.applies(answers) and not answers.get(question.key):
            yield question


def _org_url(answer: str, answers: Answers) -> str | None:
    if not is_safe_url(answer):
        return f"expected {_URL}, such as https://acme.my.salesforce.com"
    auth: dict[str, dict[str, str]] = {answers.get("login") or CLIENT_CREDENTIALS: {}}
    entry = {"salesforce": {"url": answer, "auth": auth}}
    for finding in wrong_hosts(Draft({"integrations": [entry]}, Path())):
        return f"expected {finding.expected}"
    return None


def _url(answer: str, _answers: Answers) -> str | None:
    return None if is_safe_url(answer) else f"expected {_URL}"


def _name(answer: str, _answers: Answers) -> str | None:
    schema = config_schema()["$defs"]["name"]
    return None if re.fullmatch(schema["pattern"], answer) else f"expected {schema['description']}"


def _username(answer: str, _answers: Answers) -> str | None:
    name, at, domain = answer.rpartition("@")
    if at and name and "." in domain and not any(letter.isspace() for letter in answer):
        return None
    return "expected a Salesforce username, which looks like an e-mail address"


def _anything(_answer: str, _answers: Answers) -> None:
    return None


def _one_word(answer: str, _answers: Answers) -> str | None:
    return "expected one word, without spaces" if any(letter.isspace() for letter in answer) else None


def _client_id(answer: str, answers: Answers) -> str | None:
    if is_shortened(answer):
        return "it is not whole: expected the whole Consumer Key"
    return _one_word(answer, answers)


def _property(answer: str, _answers: Answers) -> str | None:
    schema = config_schema()["$defs"]["property"]
    if not re.fullmatch(schema["pattern"], answer):
        return f"expected {schema['description']}"
    return "expected a property made for this, which nobody goes by" if answer in MEANINGFUL else None


def _server(answer: str, _answers: Answers) -> str | None:
    if "://" in answer:
        return "expected the host alone, HOST or HOST:PORT of an IMAP server, without https:// or imaps://"
    host, _, port = answer.partition(":")
    if not _HOST.fullmatch(host):
        return "expected HOST or HOST:PORT of an IMAP server"
    if port and not (port.isascii() and port.isdecimal() and 1 <= int(port) <= _LARGEST_PORT):
        return f"expected a port from 1 to {_LARGEST_PORT}"
    return None


def _name_of_org(answers: Answers) -> str:
    host = host_of(answers.get("salesforce_url", ""))
    return host.split(".", maxsplit=1)[0] if is_salesforce(host) and is_my_domain(host) else "acme"


def _nothing(_answers: Answers) -> str:
    return ""


def _has_no_bridge(answers: Answers) -> bool:
    return not answers.get("bridge_url")


def _has_mailbox(answers: Answers) -> bool:
    return bool(answers.get("mailbox"))


QUESTIONS: tuple[Question, ...] = (
    Question(
        "salesforce_url",
        "My Domain URL of the Salesforce org (Setup → My Domain), such as https://acme.my.salesforce.com",
        "My Domain URL of the Salesforce org",
        _org_url,
        _nothing,
        metavar="URL",
        needed=True,
    ),
    Question(
        "name",
        "Name of the integration: the label `integration` of its metrics",
        "name of the integration (default: that of the My Domain)",
        _name,
        _name_of_org,
        metavar="NAME",
    ),
    Question(
        "login",
        "How the exporter logs in: client_credentials (an app with a run-as user) or jwt_bearer (a certificate)",
        f"how the exporter logs in at Salesforce (default: {CLIENT_CREDENTIALS})",
        _anything,
        lambda _answers: CLIENT_CREDENTIALS,
        choices=(CLIENT_CREDENTIALS, JWT_BEARER),
    ),
    Question(
        "client_id",
        "Consumer Key of the exporter's app (Setup → External Client App Manager → the app → Settings → OAuth)",
        "Consumer Key of the exporter's app in Salesforce",
        _client_id,
        _nothing,
        metavar="KEY",
        needed=True,
    ),
    Question(
        "username",
        "Username that the exporter logs in as",
        f"whom the exporter logs in as, for {JWT_BEARER}",
        _username,
        _nothing,
        metavar="USERNAME",
        needed=True,
        applies=lambda answers: answers.get("login") == JWT_BEARER,
    ),
    Question(
        "integration_user",
        "Username that HubSpot logs in as at Salesforce (HubSpot → Connected apps → Salesforce)",
        "whom HubSpot logs in as at Salesforce",
        _username,
        _nothing,
        metavar="USERNAME",
        needed=True,
    ),
    Question(
        "bridge_url",
        "URL of a Sync Health bridge, if there is one (Enter: none; then a mailbox tells of suspensions, "
        "and a touch resyncs)",
        "URL of a Sync Health bridge (default: none)",
        _url,
        _nothing,
        metavar="URL",
    ),
    Question(
        "mailbox",
        "IMAP server of a mailbox that gets HubSpot's notification e-mails, HOST or HOST:PORT (Enter: none)",
        f"IMAP server with HubSpot's notification e-mails (default: none; port {IMAPS})",
        _server,
        _nothing,
        metavar="HOST[:PORT]",
        applies=_has_no_bridge,
    ),
    Question(
        "mailbox_username",
        "Username at the IMAP server",
        "username at the IMAP server",
        _one_word,
        _nothing,
        metavar="USERNAME",
        needed=True,
        applies=_has_mailbox,
    ),
    Question(
        "touch_property",
        "HubSpot property to resync by, a date and time mapped to Salesforce and made for nothing else (Enter: none)",
        "HubSpot property that a touch writes, to resync without a bridge (default: none)",
        _property,
        _nothing,
        metavar="NAME",
        applies=_has_no_bridge,
    ),
)
"""In the order in which they are asked."""
