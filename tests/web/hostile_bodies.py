"""What somebody who has the webhook's token may post to do harm: as many as are asked for, the same everywhere."""

from __future__ import annotations

import copy
import gzip
import json
import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.remediation.payloads import alert, notification, sync_errors

ODD: tuple[Any, ...] = (
    *(None, True, -1, 0, 2**31, 2**63, 10**400, 1e308, 0.1, "", "x" * 10_000, "\0", "\ud800", "\u202e", "{{7*7}}"),
    *("<script>alert(1)</script>", "'; DROP TABLE jobs; --", "%s%n", "../../etc/passwd", "=cmd|' /C calc'!A0", "\r\n"),
    *([], {}, [[]], {"": {}}, [None] * 50, {"__proto__": 1}, "9999-12-31T23:59:59Z", "0001-01-01T00:00:00+14:00"),
)


@dataclass(frozen=True, slots=True)
class Hostile:
    """A body, and the headers beside the token."""

    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


def hostile_bodies(count: int, seed: int = 15) -> Iterator[Hostile]:
    """Each kind in turn."""
    dice = random.Random(seed)
    for number in range(count):
        yield _KINDS[number % len(_KINDS)](dice)


def _valid(dice: random.Random) -> dict[str, Any]:
    """As Alertmanager sends it; each a new occurrence."""
    starts = f"2026-11-{dice.randint(1, 28):02d}T{dice.randint(0, 23):02d}:{dice.randint(0, 59):02d}:00Z"
    entries = [alert(starts_at=starts, fingerprint=f"{dice.getrandbits(64):016x}"), sync_errors("other")]
    return notification(*entries[: dice.randint(1, 2)])


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    keys = list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    for key in keys:
        yield value, key
        yield from _places(value[key])


def _changed(dice: random.Random) -> Hostile:
    payload = json.loads(json.dumps(_valid(dice)))
    for _ in range(dice.randint(1, 4)):
        holder, key = dice.choice(list(_places(payload)))
        if dice.random() < 0.2:
            del holder[key]
        else:
            holder[key] = copy.deepcopy(dice.choice(ODD))
        if not payload:
            break
    return Hostile(json.dumps(payload).encode())


def _cut(dice: random.Random) -> Hostile:
    body = json.dumps(_valid(dice)).encode()
    return Hostile(body[: dice.randrange(len(body))])


def _flipped(dice: random.Random) -> Hostile:
    body = bytearray(json.dumps(_valid(dice)).encode())
    for _ in range(dice.randint(1, 8)):
        body[dice.randrange(len(body))] = dice.randrange(256)
    return Hostile(bytes(body))


def _bytes(dice: random.Random) -> Hostile:
    return Hostile(dice.randbytes(dice.choice((0, 1, 100, 10_000))))


def _deep(dice: random.Random) -> Hostile:
    depth = dice.choice((50, 500, 950, 5_000, 200_000))
    inner = dice.choice((b"[" * depth + b"]" * depth, b'{"a":' * depth + b"1" + b"}" * depth, b"[" * depth))
    return Hostile(dice.choice((inner, b'{"version":"4","status":"firing","alerts":[{"labels":' + inner + b"}]}")))


def _many(dice: random.Random) -> Hostile:
    one = alert(fingerprint="a" * 16)
    labels = {f"label{number}": "x" for number in range(dice.choice((10, 1_000)))}
    entries = [{**one, "labels": {**one["labels"], **labels}}] if dice.random() < 0.5 else [one] * 500
    return Hostile(json.dumps(notification(*entries)).encode())


def _strangers(dice: random.Random) -> Hostile:
    text = json.dumps(_valid(dice))
    return dice.choice(
        (
            Hostile(text.encode("utf-16")),
            Hostile(b"\xef\xbb\xbf" + text.encode()),
            Hostile(gzip.compress(text.encode())),
            Hostile(gzip.compress(bytes(1_000_000)), {"Content-Encoding": "gzip"}),
            Hostile(b"payload=" + text.encode(), {"Content-Type": "application/x-www-form-urlencoded"}),
            Hostile(b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', {"Content-Type": "text/xml"}),
            Hostile(text.encode() + b" " * 5 * 1024 * 1024) if dice.random() < 0.05 else Hostile(b"null"),
            Hostile(b'{"version":"4","version":"5","alerts":' + b"9" * 5_000 + b"}"),
            Hostile(text.encode(), {"Authorization": "Bearer guessed"}),
        )
    )


_KINDS: tuple[Callable[[random.Random], Hostile], ...] = (
    *(_changed, _changed, _changed, _cut, _flipped, _bytes, _deep, _strangers, _many),
)
