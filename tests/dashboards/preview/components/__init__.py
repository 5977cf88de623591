"""Grafana's components, bundled with what draws panels by them: ``npm ci`` in this folder installs them."""

from __future__ import annotations

import subprocess
from pathlib import Path

FOLDER = Path(__file__).parent
ESBUILD = FOLDER / "node_modules" / ".bin" / "esbuild"


def bundle(folder: Path) -> None:
    """Writes ``draw.js`` and ``draw.css`` for a page: ``draw.jsx`` and all it imports."""
    assert ESBUILD.exists(), f"{ESBUILD} is missing: make previews installs it"
    options = ("--bundle", "--minify", '--define:process.env.NODE_ENV="production"', "--loader:.ttf=empty")
    done = subprocess.run(
        [ESBUILD, "draw.jsx", *options, f"--outdir={folder}"], cwd=FOLDER, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
