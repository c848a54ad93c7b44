"""The VS Code extension: its package, and its code with a stand-in for VS Code."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from runpy import run_path
from typing import Any

import pytest
from node import NODE, ROOT

import archspec

pytestmark = pytest.mark.full

HOME = ROOT / "editors" / "vscode"
HARNESS = Path(__file__).with_name("vscode_harness.js")
SPEC = """\
archspec: 1
name: Net
input: {channels: 3, size: 32}
defaults: {conv: {padding: same, bias: false}}
layers:
  stem: {conv: {fliters: 8}}
"""


@pytest.fixture(scope="module")
def package() -> Path:
    return run_path(str(HOME / "build.py"))["build"]()


@pytest.fixture
def vscode(package: Path, tmp_path: Path) -> Callable[..., list[Any]]:
    """What the extension of the package does with a spec, until `last` happens."""
    with zipfile.ZipFile(package) as files:
        bundle = files.extract("extension/dist/extension.js", tmp_path)

    def run(command: list[str], text: str, last: str) -> list[Any]:
        spec = tmp_path / "net.yaml"
        spec.write_text(text, "utf-8")
        arguments = [NODE, str(HARNESS), bundle, json.dumps(command), str(spec)]
        events: list[Any] = []
        with subprocess.Popen(
            arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as harness:
            assert harness.stdin
            assert harness.stdout
            for line in harness.stdout:
                events.append(json.loads(line))
                if last in events[-1]:
                    harness.stdin.write("stop\n")
                    harness.stdin.flush()
        assert harness.returncode == 0
        return events

    return run


def test_the_package_has_what_it_needs_and_no_more(package):
    with zipfile.ZipFile(package) as files:
        names = {name for name in files.namelist() if name.startswith("extension/")}
        manifest = json.loads(files.read("extension/package.json"))
        schema = json.loads(files.read("extension/archspec.schema.json"))
        notices = files.read("extension/THIRD_PARTY_LICENSES.txt").decode()
        identity = files.read("extension.vsixmanifest").decode()
    assert names == {
        "extension/LICENSE.txt",
        "extension/THIRD_PARTY_LICENSES.txt",
        "extension/archspec.schema.json",
        "extension/dist/extension.js",
        "extension/package.json",
        "extension/readme.md",
    }
    assert schema == archspec.schema()
    assert "extension/" + manifest["main"].removeprefix("./") in names
    assert manifest["activationEvents"] == ["onLanguage:yaml"]
    settings = manifest["contributes"]["configuration"]["properties"]
    assert settings["archspec.command"]["default"] == ["archspec"]
    assert 'Id="archspec" Version="0.1.0" Publisher="archspec"' in identity
    assert notices.count("Copyright (c) Microsoft Corporation") >= 4
    assert "semver\n\nThe ISC License" in notices


def test_it_starts_the_server_and_shows_its_diagnostics(vscode):
    events = vscode([sys.executable, "-m", "archspec"], SPEC, "diagnostics")
    found = [[5, 16, "unknown attribute 'fliters' of conv"]]
    assert events[:2] == ["active", {"diagnostics": found}]
    assert events[-1] == "stopped"


def test_it_says_that_archspec_is_missing(vscode):
    events = vscode(["no-such-archspec"], SPEC, "executed")
    message = (
        'archspec: the command "no-such-archspec" was not found. Install it with "pipx '
        "install 'archspec-nn[lsp]'\", or set archspec.command."
    )
    assert events == [
        "active",
        {"message": message, "choices": ["Open settings"]},
        {"executed": "workbench.action.openSettings", "argument": "archspec.command"},
        "stopped",
    ]


def test_it_leaves_other_yaml_alone(vscode):
    events = vscode(["no-such-archspec"], "services: {web: {image: nginx}}\n", "active")
    assert events == ["active", "stopped"]


@pytest.mark.parametrize(
    "lock", [HOME / "package-lock.json", HARNESS.parent / "npm" / "package-lock.json"]
)
def test_lock_files_have_checksums_and_no_addresses(lock):
    packages = json.loads(lock.read_text("utf-8"))["packages"]
    del packages[""]
    assert all(entry["integrity"].startswith("sha512-") for entry in packages.values())
    assert not any("resolved" in entry for entry in packages.values())
