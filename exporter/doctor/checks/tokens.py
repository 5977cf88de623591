"""The tokens that others have to bring: what Alertmanager sends, and what orders resyncs."""

from __future__ import annotations

from collections.abc import Sequence

from exporter.config.secret import UNREADABLE, Secret, why_unreadable, why_unsendable
from exporter.doctor import sections
from exporter.doctor.check import Check
from exporter.doctor.finding import Finding, doubtful, failed, good
from exporter.doctor.house import House

SHORTEST = 16
"""Letters. Whoever reaches the address may guess as fast as it answers."""
_FEWEST_LETTERS = 6
"""Different ones: a word said three times is long and no secret."""

MAKE_ONE = "make one with: openssl rand -base64 24, and give it to whoever sends it"


async def webhook(house: House) -> Sequence[Finding]:
    tokens = house.config.remediation.webhook_tokens
    if not tokens:
        return (
            doubtful(
                "none, so nobody may post to /alertmanager/webhook and nothing is resynced by itself",
                "remediation.webhook_token_file",
            ),
        )
    return tuple(_judged(token, "remediation.webhook_token_file") for token in tokens)


async def api(house: House) -> Sequence[Finding]:
    remediation = house.config.remediation
    if not remediation.api_tokens:
        return (good("none of its own: the webhook's token orders resyncs as well"),)
    findings = tuple(_judged(token, "remediation.api_token_file") for token in remediation.api_tokens)
    others = {_text(token) for token in remediation.webhook_tokens}
    if any(_text(token) in others for token in remediation.api_tokens) and not any(one.blocks for one in findings):
        return (
            doubtful(
                "the same as the webhook's token: whoever sends notifications may order and approve resyncs",
                "remediation.api_token_file: another token",
            ),
        )
    return findings


async def suspension(house: House) -> Sequence[Finding]:
    return tuple(
        _judged(token, "remediation.suspension_token_file") for token in house.config.remediation.suspension_tokens
    )


def _judged(token: Secret, key: str) -> Finding:
    try:
        text = token.read()
    except UNREADABLE as error:
        return failed(f"cannot be read in {token}: {why_unreadable(error)}", f"{key}: a file that can be read")
    reason = why_unsendable(text)
    if reason is not None:
        return failed(f"the token in {token} {reason}", f"{key}: {MAKE_ONE}")
    if len(text) < SHORTEST or len(set(text)) < _FEWEST_LETTERS:
        return failed(f"the token in {token} is too easily guessed", f"{key}: {MAKE_ONE}")
    return good("readable, and long enough not to be guessed")


def _text(token: Secret) -> str | None:
    try:
        return token.read()
    except UNREADABLE:
        return None


CHECKS = (
    Check("webhook token", sections.CONFIGURATION, "the webhook's token is no good", lambda _house: True, webhook),
    Check("api token", sections.CONFIGURATION, "the API's token is no good", lambda _house: True, api),
    Check(
        "suspension token",
        sections.CONFIGURATION,
        "the token of reported suspensions is no good",
        lambda house: bool(house.config.remediation.suspension_tokens),
        suspension,
    ),
)
