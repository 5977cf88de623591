"""The built image, and containers of it made of namespaces: what an engine does, by util-linux alone."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

SECONDS = 60.0

# Words: USER ROOT COMMAND….
_ENTER = 'user=$1; shift; root=$1; shift; exec setpriv --no-new-privs chroot --userspec="$user" --groups= "$root" "$@"'

# Words: USER ROOT, then SOURCE TARGET rw|ro of each mount, then -- COMMAND….
_START = f"""
[ "$(readlink /proc/self/ns/net)" = "$HOST_NET" ] || ip link set lo up
user=$1 root=$2; shift 2
mount --bind "$root" "$root"
while [ "$1" != -- ]; do
    [ -e "$root$2" ] || mkdir -p "$root$2"
    mount --bind "$1" "$root$2"
    [ "$3" = rw ] || mount -o remount,bind,ro "$root$2"
    shift 3
done
shift
mount -t proc -o nosuid,nodev,noexec proc "$root/proc"
mount -t tmpfs -o nosuid,nodev,mode=1777 tmpfs "$root/tmp"
mount -t tmpfs -o nosuid,mode=755 tmpfs "$root/dev"
for device in null zero full random urandom; do
    touch "$root/dev/$device"
    mount --bind "/dev/$device" "$root/dev/$device"
done
mount -o remount,bind,ro "$root/dev"
mount -o remount,bind,ro "$root"
set -- "$user" "$root" "$@"
{_ENTER}
"""


@dataclass(frozen=True, slots=True)
class Bind:
    """A folder or file of this machine at a path in the container."""

    source: Path
    target: str
    writable: bool = False


@dataclass(frozen=True)
class Image:
    """What `.ci/with-image` built: `root` holds its files, `base` those of the image it stands on.

    Containers run on a second copy, `container`: as an engine's, it gets folders to mount into.
    """

    folder: Path

    @property
    def root(self) -> Path:
        return (self.folder / "root").resolve()

    @property
    def container(self) -> Path:
        return (self.folder / "container").resolve()

    @property
    def base(self) -> Path:
        return (self.folder / "base").resolve()

    @cached_property
    def config(self) -> Mapping[str, Any]:
        """User, Env, Cmd, Entrypoint, Healthcheck … as Docker writes them."""
        said: dict[str, Any] = json.loads((self.folder / "image.json").read_text(encoding="utf-8"))
        config: dict[str, Any] = said["Docker"]["config"]
        return config

    @property
    def command(self) -> list[str]:
        """ENTRYPOINT and CMD."""
        return [*self.config["Entrypoint"], *self.config["Cmd"]]

    @property
    def path(self) -> str:
        """Its PATH."""
        environment: dict[str, str] = dict(entry.split("=", 1) for entry in self.config["Env"])
        return environment["PATH"]

    def in_root(self, words: Sequence[str]) -> list[str]:
        """The command in the image's working directory, with its environment and no other."""
        return ["/usr/bin/env", "-i", f"--chdir={self.config['WorkingDir']}", *self.config["Env"], *words]

    def new_volume(self, folder: Path, target: str) -> Path:
        """A named volume as an engine first mounts it: with the owner and the mode of what the image has there."""
        place = self.root / target.lstrip("/")
        folder.mkdir()
        shutil.copystat(place, folder)
        os.chown(folder, place.stat().st_uid, place.stat().st_gid)
        return folder

    def build(self, context: Path, folder: Path) -> None:
        """Builds another Dockerfile in the same storage, its files into `folder`."""
        store = [f"--root={self.folder}/store", f"--runroot={self.folder}/run", "--storage-driver=vfs"]
        command = ["buildah", *store, "build", "--quiet", f"--output=type=local,dest={folder}", str(context)]
        subprocess.run(command, check=True, capture_output=True, timeout=SECONDS)


class Container:
    """A running container: root of the image read-only, a /tmp of its own, no network but loopback, no privileges."""

    def __init__(self, image: Image, process: subprocess.Popen[str]) -> None:
        self._image = image
        self._process = process

    @property
    def pid(self) -> int:
        """Of its first process, as this machine counts."""
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children")
        found = wait_for(lambda: children.read_text(encoding="ascii") or self._process.poll() is not None)
        assert found is not True, f"it ended: {self.ended()}"
        return int(found)

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Another command inside, by the same user: what `docker exec` does, and the health check."""
        enter = [
            "nsenter",
            f"--target={self.pid}",
            "--mount",
            "--net",
            "--pid",
            "--ipc",
            "--uts",
            "sh",
            "-euc",
            _ENTER,
            "sh",
        ]
        return subprocess.run(
            [*enter, self._image.config["User"], str(self._image.container), *self._image.in_root(words)],
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )

    def stop(self, number: int) -> int:
        """Sends its first process a signal and waits for the exit code."""
        os.kill(self.pid, number)
        return self._process.wait(SECONDS)

    def ended(self, seconds: float = SECONDS) -> tuple[int, str, str]:
        """Exit code, output and errors, once it has ended by itself."""
        output, errors = self._process.communicate(timeout=seconds)
        return self._process.returncode, output, errors


@contextlib.contextmanager
def container(
    image: Image,
    words: Sequence[str],
    binds: Sequence[Bind] = (),
    network_of: Container | None = None,
    stdin: int = subprocess.DEVNULL,
) -> Iterator[Container]:
    """Runs until the block ends; `network_of` is what Compose calls `network_mode: service:…`."""
    shared = ["nsenter", f"--net=/proc/{network_of.pid}/ns/net"] if network_of else []
    own = [
        "unshare",
        "--mount",
        "--pid",
        "--ipc",
        "--uts",
        "--fork",
        "--kill-child",
        *([] if network_of else ["--net"]),
    ]
    mounts = [word for bind in binds for word in (str(bind.source), bind.target, "rw" if bind.writable else "ro")]
    process = subprocess.Popen(
        [
            *shared,
            *own,
            "sh",
            "-euc",
            _START,
            "sh",
            image.config["User"],
            str(image.container),
            *mounts,
            "--",
            *image.in_root(words),
        ],
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "HOST_NET": str(Path("/proc/self/ns/net").readlink())},
    )
    running = Container(image, process)
    try:
        yield running
    finally:
        # Not left to --kill-child: the kernel forgets that wish when the command changes its user.
        if process.poll() is None:
            os.kill(running.pid, signal.SIGKILL)
        process.communicate(timeout=SECONDS)


def wait_for(ask: Any, seconds: float = SECONDS) -> Any:
    """The first true answer; whatever is not there yet is asked for again, until the deadline."""
    deadline = time.monotonic() + seconds
    while not (answer := ask()):
        assert time.monotonic() < deadline, f"not within {seconds:g} s: {ask}"
        time.sleep(0.02)
    return answer
