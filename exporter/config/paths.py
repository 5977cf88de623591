"""Whether directories and files can be used. A path that no file system takes is an answer too, not an exception."""

from __future__ import annotations

import os
import stat
from pathlib import Path

_NO_NAME = "no file can have this name"


def why_no_directory(path: Path) -> str | None:
    """Why this is no directory that can be entered; ``None`` if it is one."""
    try:
        mode = path.stat().st_mode
    except OSError as error:
        return _reason(error)
    except ValueError:
        return _NO_NAME
    if not stat.S_ISDIR(mode):
        return "Not a directory"
    return None if os.access(path, os.X_OK, effective_ids=True) else "Permission denied"


def why_no_writable_file(path: Path) -> str | None:
    """Why no file can be made or written there; ``None`` if it can, as far as permissions tell.

    It is not opened: who closes a file that SQLite has open in the same process takes SQLite's locks away. Of a link
    what counts is where it leads.
    """
    try:
        file = path.resolve()
        reason = why_no_directory(file.parent)
        return reason if reason is not None else _why_unwritable(file)
    except RuntimeError:  # what resolve() says of links in a circle
        return "Too many levels of symbolic links"
    except OSError as error:
        return _reason(error)
    except ValueError:
        return _NO_NAME


def _why_unwritable(file: Path) -> str | None:
    try:
        mode = file.stat().st_mode
    except FileNotFoundError:
        mode = None  # it will be made
    if mode is not None and not stat.S_ISREG(mode):
        return "Is a directory" if stat.S_ISDIR(mode) else "Not a regular file"
    allowed = os.access(file.parent, os.W_OK | os.X_OK, effective_ids=True) and (
        mode is None or os.access(file, os.R_OK | os.W_OK, effective_ids=True)
    )
    return None if allowed else "Permission denied"


def _reason(error: OSError) -> str:
    return error.strerror or type(error).__name__
