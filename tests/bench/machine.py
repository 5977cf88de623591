"""On what the figures were taken."""

from __future__ import annotations

import os
import platform
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from exporter import __version__

CORES = tuple(sorted(os.sched_getaffinity(0)))
"""Those this process may use: where there are two, what is measured has the first to itself."""

_PACKAGES = ("prometheus-client", "httpx", "httpx-aiohttp", "isal", "orjson", "sqlalchemy", "starlette", "uvicorn")


def machine() -> dict[str, Any]:
    """Cores, CPU, memory and versions, without a name."""
    return {
        "cores": len(CORES),
        "cpu": _field("/proc/cpuinfo", "model name"),
        "memory_mib": int(_field("/proc/meminfo", "MemTotal").split()[0]) // 1024,
        "load_before": os.getloadavg()[0],
        "system": f"{platform.system()} {platform.release().split('-')[0]}",
        "python": sys.version.split()[0],
        "exporter": __version__,
        "packages": {name: found for name in _PACKAGES if (found := _version(name)) is not None},
    }


def pin(pid: int, position: int) -> None:
    """To one core; on a machine with a single one everything shares it."""
    os.sched_setaffinity(pid, {CORES[position % len(CORES)]})


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _field(file: str, name: str) -> str:
    for line in Path(file).read_text(encoding="utf-8").splitlines():
        key, _, value = line.partition(":")
        if key.strip() == name:
            return value.strip()
    return "unknown"
