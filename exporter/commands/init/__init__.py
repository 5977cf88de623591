"""``init``: writes a commented configuration for one integration, and asks as little as possible."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from rich.console import Console

from exporter.commands.init.document import document
from exporter.commands.init.next_steps import next_steps
from exporter.commands.init.prompting import NoAnswer, asked
from exporter.commands.init.questions import QUESTIONS, Answers, Question, missing, trouble
from exporter.errors import UsageError

OUTPUT = Path("exporter.yml")
STANDARD_OUTPUT = Path("-")


def add_flags(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(wrong_usage=parser.error)
    parser.add_argument(
        "--output", type=Path, default=OUTPUT, metavar="FILE", help="default: %(default)s; - for standard output"
    )
    parser.add_argument("--force", action="store_true", help="overwrite the file if it is there")
    group = parser.add_argument_group("answers", "what is given is not asked for; without a terminal nothing is")
    for question in QUESTIONS:
        group.add_argument(
            question.flag,
            dest=question.key,
            choices=question.choices or None,
            metavar=None if question.choices else question.metavar,
            help=question.help,
        )


def run(arguments: argparse.Namespace) -> int:
    output: Path = arguments.output
    _refuse_to_overwrite(output, force=arguments.force)
    given: Answers = {one.key: value for one in QUESTIONS if (value := getattr(arguments, one.key)) is not None}
    for question in QUESTIONS:
        _complain_about(question, given, arguments)
    try:
        answers = _answered(given, arguments)
    except NoAnswer as error:
        raise UsageError(str(error)) from error
    if output == STANDARD_OUTPUT:
        sys.stdout.write(document(answers))
        return 0
    _write(output, document(answers), force=arguments.force)
    sys.stdout.write(next_steps(answers, output))
    return 0


def _answered(given: Answers, arguments: argparse.Namespace) -> Answers:
    """Asked on the terminal, where there is one; raises ``NoAnswer``."""
    if sys.stdin is not None and sys.stdin.isatty():
        return asked(given, Console(stderr=True))
    lacking = missing(given)
    if lacking:
        flags = ", ".join(question.flag for question in lacking)
        arguments.wrong_usage(f"there is no terminal to ask on: add {flags}")
    return {**{one.key: one.default(given) for one in QUESTIONS}, **given}


def _complain_about(question: Question, given: Answers, arguments: argparse.Namespace) -> None:
    """A flag with a bad value is wrong usage."""
    if question.key in given:
        reason = trouble(question, given[question.key], given)
        if reason is not None:
            arguments.wrong_usage(f"argument {question.flag}: {reason}")


def _refuse_to_overwrite(output: Path, *, force: bool) -> None:
    if output != STANDARD_OUTPUT and output.exists() and not force:
        raise UsageError(f"{output} is there already: add --force to overwrite it, or --output for another file")


def _write(output: Path, text: str, *, force: bool) -> None:
    """Raises ``UsageError`` where it cannot be written, or was made by somebody while the questions were answered."""
    try:
        with output.open("w" if force else "x", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise UsageError(f"{output} cannot be written: {error.strerror}") from error
