"""What a refused login can mean: a cause with its remedy, and the words it is known by. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote_plus

from exporter.config.settings import ClientCredentials, JwtBearer
from exporter.errors import Again

_MOST = 500
_PLAIN = re.compile(r"[a-z'’]{1,20}[.,:;]?")
_APOSTROPHES = re.compile(r"['’`]")
_WORD = re.compile(r"[a-z0-9]+")


@dataclass(frozen=True, slots=True)
class LoginCause:
    """``told`` is the cause, ``remedy`` what to change and where; both may name ``{auth}`` and ``{user}``.

    It is meant when all words of one of ``words`` begin a word of the description, or by one of the ``codes``.
    """

    name: str
    told: str
    remedy: str
    words: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    again: Again = Again.LATER

    def meant_by(self, words: tuple[str, ...]) -> bool:
        """Whether a description of these words tells of this cause."""
        return any(_occur(wanted, words) for wanted in self.words)

    def sentence(self, flow: ClientCredentials | JwtBearer) -> str:
        """Cause and remedy for somebody whose configuration logs in with this flow."""
        auth, user = "salesforce.auth.jwt_bearer", "the user in salesforce.auth.jwt_bearer.username"
        if isinstance(flow, ClientCredentials):
            auth, user = "salesforce.auth.client_credentials", "the app's run-as user"
        text = f"{self.told} {self.remedy}".format(auth=auth, user=user)
        return text[0].upper() + text[1:]


def words_of(description: str) -> tuple[str, ...]:
    """The words of a description in small letters, without apostrophes."""
    return tuple(_WORD.findall(_APOSTROPHES.sub("", unquote_plus(description[:_MOST]).casefold())))


def plain_words(description: str) -> str:
    """A description nobody knows, for the log: only words of small letters. Names, ids, addresses are left out."""
    return " ".join(word if _PLAIN.fullmatch(word) else "…" for word in description[:_MOST].split())


def _occur(wanted: str, words: tuple[str, ...]) -> bool:
    return all(any(word.startswith(beginning) for word in words) for beginning in wanted.split())
