"""The fingerprint of an alert whose sender names none: Alertmanager before 0.19, some relays."""

from __future__ import annotations

from collections.abc import Mapping

_OFFSET, _PRIME = 0xCBF29CE484222325, 0x100000001B3
"""Of the 64-bit FNV-1a hash."""

_SEPARATOR = b"\xff"
"""No byte of UTF-8, so that no name can run into its value."""


_NONE = frozenset({"", "<no value>", "<nil>", "nil", "null", "none", "undefined"})
"""What the templates of relays make of a field that is not there."""


def sent_fingerprint(text: str | None) -> str:
    """The fingerprint as its sender means it, in one spelling; empty if there is none. Never a placeholder: it would
    make one alert of all."""
    bare = (text or "").strip()
    named = bare.casefold() not in _NONE and bare.strip("0-") != ""
    return bare.lower() if named else ""


def fingerprint_of(labels: Mapping[str, str]) -> str:
    """Sixteen hexadecimal digits made of the whole label set, and of nothing else.

    They are the ones that Alertmanager itself sends since 0.19: FNV-1a over the labels in the order of their names,
    each as name, 0xff, value, 0xff. So the answer is the same in every replica and after every restart, and an alert
    that comes once directly and once by way of a relay that drops the field is one alert.
    """
    digest = _OFFSET
    for name in sorted(labels, key=_written):
        for byte in _written(name) + _SEPARATOR + _written(labels[name]) + _SEPARATOR:
            digest = (digest ^ byte) * _PRIME % 2**64
    return f"{digest:016x}"


def _written(text: str) -> bytes:
    # JSON can hold half of a surrogate pair, which no label has: it must not stop us either.
    return text.encode("utf-8", "surrogatepass")
