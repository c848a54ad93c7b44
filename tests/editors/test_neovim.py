"""Neovim with the configuration of docs/editors.md."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
PAGE = HERE.parents[1] / "docs" / "editors.md"
NET = """\
archspec: 1
name: Net
input: {channels: 3, size: 32}
defaults: {conv: {padding: same, bias: false}}
layers:
  stem: {conv: {fliters: 8, stride: 2}}
  pool: {global_avg_pool: {}, from: stem}
"""


def _version(program: str | None) -> tuple[int, int]:
    if program is None:
        return 0, 0
    command = [program, "--version"]
    said = subprocess.run(command, capture_output=True, text=True, check=True)
    found = re.search(r"v(\d+)\.(\d+)", said.stdout)
    return (int(found[1]), int(found[2])) if found else (0, 0)


@pytest.mark.full
def test_neovim(tmp_path: Path) -> None:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    program = shutil.which("nvim", path=path)
    if program is None or _version(program) < (0, 11):
        pytest.skip("needs Neovim 0.11")
    (config,) = re.findall(r"```lua\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    (tmp_path / "init.lua").write_text(config)
    (tmp_path / "net.yaml").write_text(NET)
    command = tmp_path / "bin" / "archspec"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nexec {sys.executable} -m archspec "$@"\n')
    command.chmod(0o755)
    environment = {
        **os.environ,
        "PATH": f"{command.parent}:{os.environ['PATH']}",
        "REPORT": str(tmp_path / "report.json"),
        "HOME": str(tmp_path),
        **{f"XDG_{k}_HOME": str(tmp_path / k) for k in ("CONFIG", "DATA", "STATE")},
    }
    subprocess.run(
        [program, "--headless", "-u", "init.lua", "net.yaml", "-S", HERE / "nvim.lua"],
        cwd=tmp_path,
        env=environment,
        check=True,
        timeout=100,
    )
    report = json.loads((tmp_path / "report.json").read_text("utf-8"))
    assert report["diagnostic"] == ["AS204", 5, 16, 23]
    assert report["fixed"] == "  stem: {conv: {filters: 8, stride: 2}}"
    assert report["hover"].startswith("**stem** · `conv`\n\n3x32x32 → 8x16x16\n\n")
    assert report["hints"] == ["→ 8x16x16", "→ 8"]
    assert report["text"] == [
        *NET.splitlines()[:5],
        "  first: {conv: {filters: 8, stride: 2}}",
        "  pool: {global_avg_pool: {}, from: first}",
    ]
