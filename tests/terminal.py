"""Runs a command as in a terminal, and returns what its screen shows."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from pathlib import Path

ESCAPE = re.compile(r"\x1b\[[\d;?]*[A-Za-z]|\x1b\]8;;.*?\x1b\\")


def raw(arguments: list[str], folder: Path, columns: int, **environment: str) -> str:
    """What `archspec ARGUMENT...` writes to a terminal of so many columns."""
    master, terminal = pty.openpty()
    size = struct.pack("HHHH", 50, columns, 0, 0)
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, size)
    inherited = {k: v for k, v in os.environ.items() if k not in {"COLUMNS", "LINES"}}
    process = subprocess.Popen(
        [sys.executable, "-m", "archspec", *arguments],
        cwd=folder,
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        env={**inherited, "TERM": "xterm-256color", **environment},
    )
    os.close(terminal)
    found = b"".join(iter(lambda: _read(master), b""))
    os.close(master)
    process.wait()
    return found.decode().replace("\r\n", "\n")


def shown(arguments: list[str], folder: Path, columns: int, **environment: str) -> str:
    """The same without colours and links."""
    return ESCAPE.sub("", raw(arguments, folder, columns, **environment))


def _read(master: int) -> bytes:
    try:
        return os.read(master, 65_536)
    except OSError:  # the other end was closed
        return b""
