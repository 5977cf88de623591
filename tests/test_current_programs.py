"""The newest programs: taken from the newest suite whose programs start here, or it is said why there are none."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from tests.binaries import DEBIAN_PROGRAMS

SCRIPT = Path(__file__).parent.parent / ".ci" / "unpack-current-programs"
OWN = "bookworm http://mirror.example/debian/ Debian"

APT = """\
#!/bin/sh
source() { sed 's/^deb .*\\] //; s/ main$//' "${1%apt.conf}sources.list"; }
case $* in
    indextargets*) cat "$STAND_IN/targets" ;;
    *update) suite=$(source "$2"); grep -qx "${suite#* }" "$STAND_IN/suites" ;;
    *download*) for package in prometheus prometheus-alertmanager; do source "$2" >"$package.deb"; done ;;
esac
"""
"""Knows the suites of a file; a package holds where it came from: mirror and suite."""

DPKG = """\
#!/bin/sh
[ "$1" = --extract ] || { for file; do :; done; name=${file##*/}; echo "${name%.deb} 1 $(cat "$file")"; exit; }
mkdir -p "$3/usr/bin" "$3/usr/share/prometheus/alertmanager"
echo "a template" >"$3/usr/share/prometheus/alertmanager/default.tmpl"
for program in $(cat "$STAND_IN/programs"); do
    grep -q "$(cut -d" " -f2 "$2")" "$STAND_IN/starting" && status=0 || status=1
    printf '#!/bin/sh\\necho "GLIBC_9 not found"\\nexit %s\\n' "$status" >"$3/usr/bin/$program"
    chmod +x "$3/usr/bin/$program"
done
"""
"""Its programs start if they are of the suites of another file."""


def unpacked(
    folder: Path,
    *,
    targets: Sequence[str] = (OWN,),
    suites: Sequence[str] = ("sid", "testing", "stable"),
    starting: Sequence[str] = ("sid", "testing", "stable"),
    environment: Mapping[str, str] | None = None,
) -> subprocess.CompletedProcess[str]:
    """What the script makes of a mirror with these suites, on a machine where programs of those start."""
    files = {"targets": targets, "suites": suites, "starting": starting, "programs": DEBIAN_PROGRAMS}
    for name, lines in files.items():
        (folder / name).write_text("".join(f"{line}\n" for line in lines))
    for name, text in (("apt-get", APT), ("dpkg-deb", DPKG)):
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
    return subprocess.run(
        [SCRIPT, folder / "tools"],
        env={
            "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}",
            "STAND_IN": str(folder),
            **(environment or {}),
        },
        capture_output=True,
        text=True,
        check=False,
    )


def versions(folder: Path) -> list[str]:
    return (folder / "tools" / "versions").read_text().splitlines()


def test_the_newest_suite_is_taken_from_the_machines_own_mirror(tmp_path: Path) -> None:
    """Programs, their templates, and last of all what they are; nothing else stays."""
    done = unpacked(tmp_path, targets=("bookworm-security http://mirror.example/security/ Debian", OWN))
    assert done.returncode == 0, done.stderr
    assert set(versions(tmp_path)) == {
        f"sid: {package} 1 http://mirror.example/debian/ sid" for package in ("prometheus", "prometheus-alertmanager")
    }
    assert {file.name for file in (tmp_path / "tools" / "bin").iterdir()} == set(DEBIAN_PROGRAMS)
    assert (tmp_path / "tools" / "share" / "prometheus" / "alertmanager" / "default.tmpl").exists()
    assert {file.name for file in (tmp_path / "tools").iterdir()} == {"bin", "share", "versions"}


def test_a_suite_whose_programs_do_not_start_gives_way_to_the_next(tmp_path: Path) -> None:
    """With what kept them from it."""
    done = unpacked(tmp_path, starting=("stable",))
    assert done.returncode == 0, done.stderr
    assert {line.partition(":")[0] for line in versions(tmp_path)} == {"stable"}
    assert "those of sid do not start here: prometheus: GLIBC_9 not found" in done.stderr


def test_the_mirror_can_be_named(tmp_path: Path) -> None:
    """Where apt knows no Debian."""
    done = unpacked(tmp_path, targets=(), environment={"DEBIAN_MIRROR": "http://another.example/debian"})
    assert done.returncode == 0, done.stderr
    assert versions(tmp_path)[0].endswith("http://another.example/debian sid")


@pytest.mark.parametrize(
    ("machine", "complaint"),
    [
        (
            {"suites": ("testing", "stable")},
            "apt cannot have the lists of suite sid from http://mirror.example/debian/",
        ),
        ({"starting": ()}, "those of no suite start here (sid testing stable)"),
        ({"targets": ("noble http://mirror.example/ubuntu/ Ubuntu",)}, "say DEBIAN_MIRROR=URL"),
    ],
    ids=["a suite is not there", "none starts", "no Debian"],
)
def test_none_is_an_error_that_says_why(machine: Mapping[str, Sequence[str]], complaint: str, tmp_path: Path) -> None:
    """And leaves nothing that the next run would take for a set."""
    done = unpacked(tmp_path, **machine)  # type: ignore[arg-type]
    assert done.returncode != 0
    assert complaint in done.stderr
    assert list((tmp_path / "tools").iterdir()) == []
