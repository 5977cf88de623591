"""``mail-test``: what notification e-mails would be read as, and why. Nothing is sent, read from a mailbox, or kept."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from exporter.catalog.catalog import CATALOG
from exporter.commands.flags import add_config_file
from exporter.commands.output import printable
from exporter.config.file import load_config
from exporter.config.settings import Config
from exporter.mail.message import LONGEST_MESSAGE, Message, is_email, parse_message
from exporter.mail.patterns import Patterns, load_patterns
from exporter.mail.verdict import UNMATCHED, Verdict, judge, since

_MORE = LONGEST_MESSAGE + 4
"""Bytes that are read: with a byte order mark in front a longer message is still seen to be one."""
_OUTLOOK = b"\xd0\xcf\x11\xe0"
_EXIT = """exit code: 0 if every e-mail is matched or ignored, 1 if one is unmatched, 2 if a file is no e-mail or
cannot be read, and for wrong usage. The other files are judged all the same.

FILE is one e-mail as it was sent, headers and all (.eml; "Show original" in Gmail, "Save as" in other programs),
with CRLF or LF; - is standard input. Of an mbox only the first message is read; Outlook's .msg is none."""


@dataclass(frozen=True, slots=True)
class _Reader:
    """By what an integration's e-mails are judged; ``name`` is empty where none is asked for."""

    name: str
    patterns: Patterns
    accounts: tuple[str, ...]


def add_flags(parser: argparse.ArgumentParser) -> None:
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = _EXIT
    parser.add_argument("files", nargs="+", metavar="FILE", help="an e-mail, - for standard input")
    by = parser.add_mutually_exclusive_group()
    add_config_file(by, required=False)
    by.add_argument("--patterns", type=Path, metavar="FILE", help="patterns of your own (YAML), over those that ship")
    parser.add_argument(
        "--account",
        action="append",
        default=[],
        metavar="ID",
        help="HubSpot account id of an integration, or a regular expression; once for each that shares the mailbox",
    )
    parser.add_argument("--text", action="store_true", help="print the text that was found in it, too")
    # Whether a configuration or patterns can be used shows only when all flags are parsed.
    parser.set_defaults(wrong_usage=parser.error)


def run(arguments: argparse.Namespace) -> int:
    try:
        readers = _readers(arguments)
    except ValueError as error:
        arguments.wrong_usage(str(error))
    return max(_judged(name, readers, with_text=arguments.text) for name in arguments.files)


def _judged(name: str, readers: Sequence[_Reader], *, with_text: bool) -> int:
    """Says what one file is read as, and returns the exit code for it."""
    try:
        message = parse_message(_bytes_of(name))
    except ValueError as error:
        sys.stdout.flush()
        sys.stderr.write(f"error: {printable(str(error))}\n")
        return 2
    results = set()
    for reader in readers:
        verdict = judge(message, reader.patterns, reader.accounts)
        results.add(verdict.result)
        shown = name if not reader.name else f"{name} ({reader.name})"
        _say(f"{shown}: {verdict.result}", [*_lines(message, verdict), *_text(message, with_text)])
    return 1 if UNMATCHED in results else 0


def _readers(arguments: argparse.Namespace) -> tuple[_Reader, ...]:
    """One for each mailbox of the configuration, else one; raises ``ValueError`` for what cannot be used."""
    for account in arguments.account:
        try:
            re.compile(account)
        except re.error as error:
            raise ValueError(f"argument --account: {account!r} is no regular expression: {error}") from error
    if arguments.config is None:
        return (_Reader("", load_patterns(arguments.patterns), tuple(arguments.account)),)
    found = tuple(_of_config(load_config(arguments.config), tuple(arguments.account)))
    if not found:
        raise ValueError(f"{arguments.config}: no integration has a mailbox")
    return found


def _of_config(config: Config, accounts: tuple[str, ...]) -> Iterator[_Reader]:
    for integration in config.integrations:
        mailbox = integration.mailbox
        if mailbox is not None:
            patterns = load_patterns(mailbox.patterns_file).from_senders(mailbox.senders or ())
            own = () if mailbox.account is None else (mailbox.account,)
            yield _Reader(integration.name, patterns, accounts or own)


def _bytes_of(name: str) -> bytes:
    """The e-mail; raises ``ValueError`` for what is none."""
    try:
        if name == "-":
            raw = sys.stdin.buffer.read(_MORE)
        else:
            with Path(name).open("rb") as opened:
                raw = opened.read(_MORE)
    except OSError as error:
        raise ValueError(f"{name}: cannot be read: {error.strerror or error}") from error
    if raw.startswith(_OUTLOOK):
        raise ValueError(f"{name}: is Outlook's .msg: save it as .eml")
    if not raw.strip():
        raise ValueError(f"{name}: is empty")
    if not is_email(raw):
        raise ValueError(f"{name}: is no e-mail: it does not begin with headers, such as From and Subject")
    return raw


def _lines(message: Message, verdict: Verdict) -> Iterator[tuple[str, str]]:
    yield "from", message.sender or "nobody that can be told"
    yield "subject", message.subject
    if verdict.kind is not None:
        yield "kind", verdict.kind
        yield "reason", _reason(verdict)
        yield "categories", ", ".join(verdict.categories) or "none"
        yield "account", verdict.account or "not stated"
        yield "since", since(verdict) or "not stated"
        yield "language", verdict.language or "not known"
    for number, sentence in enumerate(verdict.why):
        yield "why" if number == 0 else "", sentence


def _reason(verdict: Verdict) -> str:
    titles = {reason.name: reason.title for reason in CATALOG.suspension_reasons}
    return "not stated" if verdict.reason is None else f"{verdict.reason} ({titles[verdict.reason]})"


def _text(message: Message, wanted: bool) -> Iterator[tuple[str, str]]:
    if wanted:
        for number, line in enumerate(message.body.split("\n")):
            yield "text" if number == 0 else "", line


def _say(title: str, lines: Sequence[tuple[str, str]]) -> None:
    said = [printable(title), *(f"  {label:<11}{printable(text)}".rstrip() for label, text in lines), ""]
    sys.stdout.write("\n".join(said) + "\n")
