"""The dashboards against Grafana's own types: ``python -m tests.dashboards.grafana_types`` is what ``make check`` runs.

Each dashboard is written as a literal of the type that ``grafana/dashboard.ts`` makes of ``@grafana/schema``, so that
TypeScript also refuses what the types do not know.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from tests.dashboards.boards import NAMES, Json, board

GRAFANA = Path(__file__).parent / "grafana"
TSC = GRAFANA / "node_modules" / ".bin" / "tsc"


def problems(boards: Mapping[str, Json]) -> list[str]:
    """What TypeScript says of dashboards by name; a line a problem."""
    assert TSC.exists(), f"{TSC} is missing: make dashboards-types installs it"
    generated = GRAFANA / "generated"
    generated.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=generated) as folder:
        for name, content in boards.items():
            Path(folder, f"{name}.ts").write_text(_literal(content), encoding="utf-8")
        Path(folder, "tsconfig.json").write_text('{"extends": "../../tsconfig.json", "include": ["*.ts"]}')
        done = subprocess.run(
            [TSC, "--project", folder, "--pretty", "false"], capture_output=True, text=True, check=False
        )
    lines = [line for line in done.stdout.splitlines() if not line.startswith(" ")]
    assert bool(lines) == bool(done.returncode), done.stdout + done.stderr
    return [line.removeprefix(f"{Path(folder).relative_to(Path.cwd())}/") for line in lines]


def _literal(content: Json) -> str:
    return (
        "import type { DashboardJson } from '../../dashboard';\n"
        f"export const board: DashboardJson = {json.dumps(content, indent=1)};\n"
    )


def main() -> int:
    found = problems({name: board(name) for name in NAMES})
    sys.stdout.writelines(f"{problem}\n" for problem in found)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
