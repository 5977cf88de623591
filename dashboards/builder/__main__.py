"""``python -m dashboards.builder`` writes every dashboard beside this package."""

from __future__ import annotations

from pathlib import Path

from dashboards.builder.boards import BOARDS

FOLDER = Path(__file__).parent.parent


def main() -> None:
    for name, board in BOARDS.items():
        (FOLDER / f"{name}.json").write_text(board.text(), encoding="utf-8")


if __name__ == "__main__":
    main()
