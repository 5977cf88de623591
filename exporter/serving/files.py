"""What was read of which file, so that it can be told whether it is another now."""

from __future__ import annotations

from pathlib import Path

from exporter.config.secret import content_of


class Files:
    """Remembers what it read.

    Contents are compared, not times: a file that is written twice within a tick of the file system's clock, or copied
    with its time, is seen as well. They are a few kilobytes, and read in microseconds.
    """

    def __init__(self) -> None:
        self._seen: dict[Path, bytes | int] = {}

    def read(self, file: Path) -> bytes:
        """All of a file; raises ``OSError``."""
        found = self._seen[file] = _found(file)
        if isinstance(found, int):
            return content_of(file)
        return found

    def changed(self) -> bool:
        """Whether one of them is another now, or has come or gone."""
        return any(_found(file) != seen for file, seen in self._seen.items())


def _found(file: Path) -> bytes | int:
    """Its content, or the number of the error."""
    try:
        return content_of(file)
    except OSError as error:
        return error.errno or -1
    except ValueError:
        return -1
