"""Bytes of a stranger's e-mail as text: by the charset it names, if that can be true."""

from __future__ import annotations

import codecs
import contextlib

# Named in no e-mail that means well: they are no charsets of texts, and punycode takes time by the square.
_NO_CHARSETS = {"idna", "mbcs", "oem", "punycode", "raw-unicode-escape", "undefined", "unicode-escape"}
# Where every byte may be ASCII, or none, although the text is not: only the name can tell.
_ONLY_BY_NAME = ("hz", "iso2022", "utf-7", "utf-16", "utf-32")


def decoded(raw: bytes, charset: str | None) -> str:
    """The text, without NUL; whatever cannot be read is a replacement character. Never raises.

    Valid UTF-8 is UTF-8 whatever is named, since a text of another charset is next to never valid by chance while
    "us-ascii" and "iso-8859-1" are often named over it; an unknown charset is Windows' in the end.
    """
    known = _known(charset)
    if known is not None and known.startswith(_ONLY_BY_NAME):
        tries = [known]
    else:
        tries = ["utf-8"] if known is None else ["utf-8", known]
    for name in tries:
        with contextlib.suppress(UnicodeError):
            return _clean(raw.decode(name))
    last = tries[-1] if tries[-1] != "utf-8" else "windows-1252"
    try:
        return _clean(raw.decode(last, "replace"))
    except UnicodeError:
        return _clean(raw.decode("windows-1252", "replace"))


def _clean(text: str) -> str:
    """Without NUL and halves of surrogates (some charsets of Python's give them), which nothing can print."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")


def _known(charset: str | None) -> str | None:
    """Python's name of a charset; ``None`` for one that is not known, or is none."""
    if not charset:
        return None
    try:
        name = codecs.lookup(charset.strip()).name
    except (LookupError, ValueError):
        return None
    return None if name in _NO_CHARSETS else name
