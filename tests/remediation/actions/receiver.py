"""The receiver of hooks in Node, as a process of its own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

PROGRAM = Path(__file__).with_name("hook_receiver.mjs")
END_SECONDS = 10.0


@contextmanager
def running_receiver(secrets: Mapping[str, str]) -> Iterator[str]:
    """Its URL; it takes deliveries at the path of each secret. It has said its port before this returns."""
    node = shutil.which("node")
    assert node is not None, "Node is not installed: apt-get install nodejs"
    environment = {**os.environ, "HOOK_SECRETS": json.dumps(dict(secrets))}
    with subprocess.Popen([node, PROGRAM], env=environment, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            port = process.stdout.readline().strip()
            assert port, "the receiver did not start"
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(END_SECONDS)
