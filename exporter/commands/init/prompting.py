"""Asks the questions on a terminal; a bad answer is said to be one, and the question comes again."""

from __future__ import annotations

from rich.console import Console
from rich.markup import escape
from rich.prompt import Prompt

from exporter.commands.init.questions import QUESTIONS, Answers, Question, trouble


class NoAnswer(Exception):
    """The terminal was closed before all was answered."""


def asked(given: Answers, console: Console) -> Answers:
    """All answers, those that were ``given`` included; raises ``NoAnswer``."""
    answers = dict(given)
    for question in QUESTIONS:
        if question.key not in given:
            answers[question.key] = _ask(question, answers, console) if question.applies(answers) else ""
    return answers


def _ask(question: Question, answers: Answers, console: Console) -> str:
    default = question.default(answers)
    while True:
        try:
            answer = Prompt.ask(
                escape(question.prompt),
                console=console,
                choices=list(question.choices) or None,
                show_choices=False,
                default=default,
                show_default=bool(default),
            ).strip()
        except EOFError as error:
            raise NoAnswer("nothing was written: the input ended before all was answered") from error
        reason = trouble(question, answer, answers)
        if reason is None:
            return answer
        console.print(reason, style="red", markup=False, highlight=False)
