"""What is made to last as long as the process: modules, the configuration, what is connected."""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Iterator


@contextlib.contextmanager
def making_what_stays() -> Iterator[None]:
    """What is made meanwhile is looked through for garbage neither now nor later: an eighth of the start, with one
    integration as with a thousand, and afterwards a standstill of a tenth of a second every time."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
