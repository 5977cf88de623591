"""Small file systems that a test fills, or has the kernel take for broken."""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def full(folder: Path) -> Iterator[None]:
    """Its file system is filled to the last byte, until the end."""
    filler = folder / "filler"
    with filler.open("wb", buffering=0) as file:
        for size in (1 << 16, 1 << 10):
            with contextlib.suppress(OSError):
                while True:
                    file.write(bytes(size))
    try:
        yield
    finally:
        filler.unlink()


@contextlib.contextmanager
def tmpfs(folder: Path, size: str) -> Iterator[None]:
    """The folder is a file system in memory of no more than that."""
    with _mounted(folder, "-t", "tmpfs", "-o", f"size={size}", "tmpfs"):
        yield


class Ext4:
    """A file system in a file, which its kernel makes read-only at the first error that it meets."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "disk"
        self.folder.mkdir()
        self._image = folder / "disk.img"
        with self._image.open("wb") as image:
            image.truncate(32 << 20)
        subprocess.run(["mkfs.ext4", "-q", "-F", str(self._image)], check=True)

    @contextlib.contextmanager
    def mounted(self) -> Iterator[None]:
        with _mounted(self.folder, "-o", "loop,errors=remount-ro", str(self._image)):
            yield

    def fail(self) -> None:
        """An error, as of a sector that cannot be read: by the switch that the kernel has for tests."""
        device = self.folder.stat().st_dev
        name = Path(f"/sys/dev/block/{os.major(device)}:{os.minor(device)}").resolve().name
        Path(f"/sys/fs/ext4/{name}/trigger_fs_error").write_text("tests")

    def repair(self) -> None:
        """What was written stays; not while it is mounted."""
        done = subprocess.run(["e2fsck", "-p", str(self._image)], check=False, stdout=subprocess.DEVNULL)
        assert done.returncode == 1, "nothing was to be repaired, or not all of it could be"

    @contextlib.contextmanager
    def frozen(self) -> Iterator[None]:
        """Whoever writes waits, until the end, as while a snapshot is taken of it."""
        subprocess.run(["fsfreeze", "--freeze", str(self.folder)], check=True)
        try:
            yield
        finally:
            subprocess.run(["fsfreeze", "--unfreeze", str(self.folder)], check=True)


@contextlib.contextmanager
def _mounted(folder: Path, *what: str) -> Iterator[None]:
    assert os.geteuid() == 0, "only root may mount a file system"
    subprocess.run(["mount", *what, str(folder)], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", str(folder)], check=True)
