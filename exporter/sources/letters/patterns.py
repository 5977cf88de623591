"""By which patterns the e-mails of a folder are judged: those that ship, and an owner's own."""

from __future__ import annotations

from functools import lru_cache
from importlib import resources
from pathlib import Path

from exporter import __version__
from exporter.config.settings import Mailbox
from exporter.errors import Again, InvalidAnswer
from exporter.mail.patterns import Patterns, load_patterns


def patterns_of(settings: Mailbox) -> tuple[Patterns, str]:
    """The patterns, and what they were read from. An owner's file is read anew once it has changed, without a reload;
    raises ``InvalidAnswer`` for one that cannot be used."""
    file = settings.patterns_file
    try:
        stamp = None if file is None else file.stat()
        patterns, written = _loaded(file, stamp and (stamp.st_mtime_ns, stamp.st_size))
        return patterns.from_senders(settings.senders or ()), written
    except (OSError, ValueError) as error:
        told = error.strerror if isinstance(error, OSError) else str(error)
        raise InvalidAnswer(f"mailbox.patterns_file: {told}", again=Again.LATER) from None


@lru_cache(maxsize=64)
def _loaded(file: Path | None, _stamp: tuple[int, int] | None) -> tuple[Patterns, str]:
    shipped = (resources.files("exporter.mail") / "patterns.yaml").read_text(encoding="utf-8")
    own = "" if file is None else file.read_text(encoding="utf-8", errors="replace")
    return load_patterns(file), "\0".join((__version__, shipped, own))
