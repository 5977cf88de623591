"""What comes after the file is written: the secrets, and the three commands. Pure."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path

from exporter.commands.init.files import FOLDER, secret_files
from exporter.commands.init.questions import Answers

PROGRAM = "hubspot-salesforce-exporter"


def next_steps(answers: Answers, output: Path) -> str:
    """For a shell, each command on a line of its own."""
    return "\n".join(_lines(answers, output)) + "\n"


def _lines(answers: Answers, output: Path) -> Iterator[str]:
    file = shlex.quote(str(output))
    yield f"{output} is written. It holds no secret, and this command asks for none: put each into its file,"
    yield "which only you can read (mode 600). What is typed after `cat` ends with Enter and Ctrl-D."
    yield ""
    if output.parent != Path():
        yield f"  cd {shlex.quote(str(output.parent))}"
    yield f"  umask 077 && mkdir -p {FOLDER}"
    for secret in secret_files(answers):
        yield f"  {secret.made or f'cat > {secret.name}'}    # {secret.what}"
    yield ""
    yield "Then:"
    yield ""
    if output.parent != Path():
        file = shlex.quote(output.name)
    yield f"  {PROGRAM} check-config {file}"
    yield f"  {PROGRAM} doctor --config.file={file}"
    yield f"  {PROGRAM} serve --config.file={file}"
