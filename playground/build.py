"""Build the playground: a static site in build/playground.

Packages come from npm and PyPI at the versions in vendored.json, and their checksums
must match. The result needs nothing but a file server: everything is in it.
"""

from __future__ import annotations

import base64
import hashlib
import json
import platform
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

import yaml

import archspec

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
SITE = ROOT / "build/playground"
PACKAGES = ROOT / "build/packages"
"""Archives as they were downloaded, and node_modules with their content."""

RUFF = "@astral-sh/ruff-wasm-nodejs"
PYODIDE = ("pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm", "python_stdlib.zip")
PYTHON = ("3.14", "manylinux2014_x86_64")
"""Wheels for Pyodide's version of Python; their machine code is left out."""

LONG_AGO = (1980, 1, 1, 0, 0, 0)
"""The date of every packed file, so that the same sources are the same bytes."""


def main() -> None:
    """Build everything anew; downloads are kept."""
    vendored = json.loads((HERE / "vendored.json").read_text("utf-8"))
    check_ruff(vendored["npm"][RUFF]["version"], metadata.version("ruff"))
    modules = PACKAGES / "node_modules"
    shutil.rmtree(modules, ignore_errors=True)
    for name, package in vendored["npm"].items():
        unpack(npm_archive(name, package), modules / name)
    esbuild = esbuild_package()
    unpack(npm_archive(esbuild, vendored["esbuild"][esbuild]), modules / esbuild)
    wheels = [wheel(name, package) for name, package in vendored["pypi"].items()]

    shutil.rmtree(SITE, ignore_errors=True)
    (SITE / "pyodide").mkdir(parents=True)
    bundle(modules, esbuild)
    for name in PYODIDE:
        shutil.copy(modules / "pyodide" / name, SITE / "pyodide")
    shutil.copy(modules / "pyodide/pyodide-lock.json", SITE / "pyodide")
    shutil.copy(modules / RUFF / "ruff_wasm_bg.wasm", SITE)
    palette = ROOT / "templates/web/palette.css"
    for page in (HERE / "index.html", HERE / "playground.css", palette):
        shutil.copy(page, SITE)
    own = own_wheel()
    pack_python([*wheels, own], SITE / "python.zip")
    first_view = bundled() | {"version": own.name.split("-")[1]}
    (SITE / "bundled.json").write_text(json.dumps(first_view), "utf-8")
    (SITE / "sizes.json").write_text(json.dumps(sizes()), "utf-8")
    (SITE / "licences.txt").write_text(licences(modules, wheels), "utf-8")
    (SITE / "built").touch()
    print(f"{SITE.relative_to(ROOT)}: python3 -m http.server -d {SITE.name}")


def check_ruff(vendored: str, installed: str) -> None:
    """Generated code is the same on the page as elsewhere, by the same version."""
    if vendored != installed:
        sys.exit(
            f"vendored.json has ruff {vendored}, pyproject.toml pins {installed}: "
            "change one of them to a version that npm and PyPI have"
        )


def npm_archive(name: str, package: dict[str, str]) -> Path:
    """The archive of an npm package, downloaded once."""
    file = f"{name.removeprefix('@').replace('/', '-')}-{package['version']}.tgz"
    path = PACKAGES / file
    if not path.exists():
        PACKAGES.mkdir(parents=True, exist_ok=True)
        run("npm", "pack", "--silent", f"{name}@{package['version']}", cwd=PACKAGES)
    return checked(path, package["integrity"])


def wheel(name: str, package: dict[str, str]) -> Path:
    """A wheel from PyPI, downloaded once."""
    pattern = f"{name}-{package['version']}-*.whl"
    if not [*PACKAGES.glob(pattern)]:
        version, machine = PYTHON
        wanted = ["--python-version", version, "--platform", machine]
        wanted += ["--only-binary", ":all:", "--no-deps", "--quiet"]
        requirement = f"{name}=={package['version']}"
        pip = (sys.executable, "-m", "pip", "download")
        run(*pip, *wanted, requirement, cwd=PACKAGES)
    (path,) = PACKAGES.glob(pattern)
    return checked(path, package["integrity"])


def checked(path: Path, integrity: str) -> Path:
    """The path, if the file has this checksum; it is deleted otherwise."""
    digest = base64.b64encode(hashlib.sha512(path.read_bytes()).digest()).decode()
    if f"sha512-{digest}" != integrity:
        path.unlink()
        sys.exit(f"{path.name} has the checksum sha512-{digest}, expected {integrity}")
    return path


def unpack(archive: Path, folder: Path) -> None:
    """Unpack an npm archive, whose files are all below one folder."""
    folder.mkdir(parents=True)
    with tarfile.open(archive) as file:
        for member in file.getmembers():
            member.name = member.name.partition("/")[2]
            file.extract(member, folder, filter="data")


def esbuild_package() -> str:
    """The package with esbuild for this machine."""
    systems = {"linux": "linux", "darwin": "darwin", "win32": "win32"}
    machine = platform.machine().lower()
    processor = "arm64" if machine in {"arm64", "aarch64"} else "x64"
    return f"@esbuild/{systems[sys.platform]}-{processor}"


def bundle(modules: Path, esbuild: str) -> None:
    """The page's and the worker's JavaScript."""
    suffix = "esbuild.exe" if sys.platform == "win32" else "bin/esbuild"
    run(
        str(modules / esbuild / suffix),
        "src/main.js",
        "src/worker.js",
        f"--outdir={SITE}",
        "--bundle",
        "--format=esm",
        "--splitting",
        "--chunk-names=[name]-[hash]",
        "--minify",
        "--charset=utf8",
        "--target=es2022",
        "--legal-comments=none",
        "--log-level=warning",
        "--external:./pyodide/pyodide.mjs",
        f"--alias:fs={HERE / 'src/fs.js'}",
        "--define:__dirname='.'",
        cwd=HERE,
        env={"NODE_PATH": str(modules)},
    )


def own_wheel() -> Path:
    """The wheel of archspec itself."""
    folder = ROOT / "build/wheel"
    shutil.rmtree(folder, ignore_errors=True)
    pip = (sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps")
    run(*pip, "--wheel-dir", str(folder), str(ROOT))
    (path,) = folder.glob("*.whl")
    return path


def pack_python(wheels: list[Path], target: Path) -> None:
    """Wheels and bridge.py as one archive, to be unpacked into site-packages."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as packed:
        for name, content in python_files(wheels):
            packed.writestr(zipfile.ZipInfo(name, LONG_AGO), content, 8)


def python_files(wheels: list[Path]) -> Iterator[tuple[str, bytes]]:
    """The files of wheels without machine code, which their Python can do without."""
    for archive in map(zipfile.ZipFile, wheels):
        names = (n for n in archive.namelist() if not n.endswith((".so", ".c", ".pyi")))
        yield from ((name, archive.read(name)) for name in names)
    yield "bridge.py", (HERE / "bridge.py").read_bytes()


def sizes() -> list[int]:
    """Bytes of the files that the worker loads before it is ready."""
    names = ("pyodide.asm.wasm", "python_stdlib.zip", "pyodide-lock.json")
    paths = [*(SITE / "pyodide" / name for name in names), SITE / "python.zip"]
    return [path.stat().st_size for path in paths]


def bundled() -> dict[str, Any]:
    """What the page shows before Python has started."""
    specs = {
        name: {"text": archspec.spec_source(name), "variants": archspec.variants(name)}
        for name in archspec.bundled_specs()
    }
    targets = {target: title(target) for target in archspec.source_targets()}
    return {"specs": specs, "targets": targets}


def title(target: str) -> str:
    """The name of a target's framework, as people write it."""
    manifest = ROOT / "templates" / target / "target.yaml"
    return yaml.safe_load(manifest.read_text("utf-8"))["name"]


def licences(modules: Path, wheels: list[Path]) -> str:
    """The licence of everything that the site contains."""
    found = {"archspec": (ROOT / "LICENSE").read_text("utf-8")}
    for path in sorted(modules.glob("**/LICEN[SC]E*")):
        found[path.parent.relative_to(modules).as_posix()] = path.read_text("utf-8")
    for path in wheels:
        with zipfile.ZipFile(path) as archive:
            (name,) = (n for n in archive.namelist() if "/licenses/LICENSE" in n)
            found[path.name.partition("-")[0]] = archive.read(name).decode()
    return "\n\n".join(f"{name}\n{'=' * len(name)}\n\n{t}" for name, t in found.items())


def run(*command: str, cwd: Path = ROOT, env: dict[str, str] | None = None) -> None:
    """Run a command; stop if it fails."""
    program = shutil.which(command[0]) or sys.exit(f"{command[0]} is not installed")
    done = subprocess.run([program, *command[1:]], cwd=cwd, env=env, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(command)} failed")


if __name__ == "__main__":
    main()
