"""Each how-to is followed in an empty folder, and shows what happens."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from test_docs import FENCE, ROOT
from test_tutorial import Reader, alike, title

HOWTOS = sorted((ROOT / "docs" / "howto").glob("*.md"))


class Follower(Reader):
    """A reader who also writes and runs scripts of Python."""

    def python(self, block: str):
        Path(title(block)).write_text(block, "utf-8")

    def console(self, block: str):
        if not block.startswith("$ python "):
            super().console(block)
            return
        command, _, shown = block.partition("\n")
        script = command.removeprefix("$ python ")
        done = subprocess.run(
            [sys.executable, script], capture_output=True, text=True, check=False
        )
        assert alike(shown, done.stdout), done.stderr


@pytest.mark.full
@pytest.mark.parametrize("page", HOWTOS, ids=lambda page: page.stem)
def test_a_howto_shows_what_happens(page, tmp_path, archspec, monkeypatch, torchvision):
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    if page.stem == "convert-a-checkpoint":
        save_checkpoint(torchvision)
    reader = Follower(archspec)
    blocks = FENCE.findall(page.read_text("utf-8"))
    for language, block in (each for each in blocks if each[0] != "sh"):
        getattr(reader, language)(block)
    sys.modules.pop("mobilenetv2", None)


def save_checkpoint(torchvision):
    """What training with torchvision would leave."""
    import torch

    torch.manual_seed(0)
    model = torchvision.models.mobilenet_v2(weights=None)
    torch.save(model.state_dict(), "mobilenet_v2.pth")


def test_every_howto_says_what_you_get_and_what_may_go_wrong():
    for page in HOWTOS:
        text = page.read_text("utf-8")
        headings = [line for line in text.splitlines() if line.startswith("## ")]
        assert text.split("\n\n")[1].startswith("You "), page.name
        assert headings[0].startswith("## 1. "), page.name
        assert headings[-1].startswith("## If "), page.name
