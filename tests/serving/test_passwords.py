"""What bcrypt is asked, and how often."""

from __future__ import annotations

import base64
import time

import bcrypt
import pytest

from exporter.serving.passwords import REMEMBERED, Passwords
from tests.serving.conftest import HASHED, PASSWORD

SLOW = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(rounds=9)).decode()
"""Tens of milliseconds."""
USERS = {"alice": SLOW}


def basic(name: str, password: str | bytes) -> str:
    password = password.encode() if isinstance(password, str) else password
    return "Basic " + base64.b64encode(name.encode() + b":" + password).decode()


async def seconds_of(passwords: Passwords, authorization: str) -> float:
    began = time.process_time()
    await passwords.let_in(USERS, authorization)
    return time.process_time() - began


async def test_the_second_scrape_costs_no_round() -> None:
    """Of the right password, nor of a wrong one: a tenth of the first at most."""
    passwords = Passwords()
    for sent in (basic("alice", PASSWORD), basic("alice", "wrong"), basic("nobody", "wrong")):
        first = await seconds_of(passwords, sent)
        assert await seconds_of(passwords, sent) < first / 10
        assert await passwords.let_in(USERS, sent) is (sent == basic("alice", PASSWORD))


async def test_a_user_that_there_is_not_costs_as_much_as_one_there_is() -> None:
    """A round of somebody's hash, so that nobody learns which users there are."""
    passwords = Passwords()
    known, unknown = [
        min([await seconds_of(passwords, basic(name, f"wrong {number}")) for number in range(3)])
        for name in ("alice", "nobody")
    ]
    assert unknown == pytest.approx(known, rel=0.5)


async def test_who_guesses_does_not_displace_who_knows() -> None:
    """However often."""
    passwords, users = Passwords(), {"alice": HASHED, "carol": SLOW}
    right = basic("carol", PASSWORD)
    assert await passwords.let_in(users, right)
    for number in range(REMEMBERED + 5):
        assert not await passwords.let_in(users, basic("alice", f"wrong {number}"))
    began = time.process_time()
    assert await passwords.let_in(users, right)
    assert time.process_time() - began < 0.01


async def test_a_new_password_holds_at_once() -> None:
    """And the old one no more."""
    passwords = Passwords()
    other = bcrypt.hashpw(b"another", bcrypt.gensalt(rounds=4)).decode()
    assert await passwords.let_in({"alice": HASHED}, basic("alice", PASSWORD))
    assert not await passwords.let_in({"alice": other}, basic("alice", PASSWORD))
    assert await passwords.let_in({"alice": other}, basic("alice", "another"))


async def test_any_bytes_are_a_password() -> None:
    """Long ones count as far as bcrypt looks, as htpasswd has it; none is an error."""
    passwords = Passwords()
    long = "x" * 100
    users = {"alice": bcrypt.hashpw(long[:72].encode(), bcrypt.gensalt(rounds=4)).decode()}
    assert await passwords.let_in(users, basic("alice", long))
    for sent in (b"", b"\0", b"\xff\xfe", b"a:b", b"y" * 5000):
        assert not await passwords.let_in(users, basic("alice", sent))
