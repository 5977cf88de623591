"""Wheels of what is installed here, so that pip can install it elsewhere without a network."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterable
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement

_LEFT_BEHIND = re.compile(r"(^|/)(\.\.|__pycache__)/|\.dist-info/(INSTALLER|REQUESTED|direct_url\.json)$")


def fill_wheelhouse(folder: Path, requirements: Iterable[str]) -> None:
    """Writes a wheel of every package that is required, and of all that those require."""
    for package in _closure(requirements):
        _write_wheel(package, folder)


def _closure(requirements: Iterable[str]) -> list[Distribution]:
    found: dict[str, Distribution] = {}
    waiting = [Requirement(text) for text in requirements]
    while waiting:
        wanted = waiting.pop()
        package = distribution(wanted.name)
        first_time = wanted.name not in found
        found[wanted.name] = package
        for text in package.requires or []:
            needed = Requirement(text)
            extras = [*wanted.extras, ""] if needed.marker else [""]
            applies = needed.marker is None or any(needed.marker.evaluate({"extra": extra}) for extra in extras)
            if applies and (first_time or wanted.extras) and needed.name not in found:
                waiting.append(needed)
    return list(found.values())


def _write_wheel(package: Distribution, folder: Path) -> None:
    """The installed files as they are, under the name its tags give it."""
    metadata = package.read_text("WHEEL")
    if metadata is None or package.files is None:
        raise PackageNotFoundError(f"{package.name} was not installed from a wheel")
    tag = re.findall(r"^Tag: (\S+)$", metadata, re.MULTILINE)[-1]
    name = re.sub(r"[-_.]+", "_", package.name)
    with zipfile.ZipFile(folder / f"{name}-{package.version}-{tag}.whl", "w") as wheel:
        for file in package.files:
            if not _LEFT_BEHIND.search(file.as_posix()):
                wheel.write(str(file.locate()), file.as_posix())
