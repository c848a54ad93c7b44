"""Draw the pictures of README.md and docs/drawing.md.

python docs/drawing.py
"""

from collections.abc import Iterator
from pathlib import Path

import archspec

FOLDER = Path(__file__).parent / "pictures"


def pictures() -> Iterator[tuple[Path, str]]:
    """Each picture with its file."""
    for name in ("mobilenetv2", "unet"):
        yield FOLDER / f"{name}.svg", archspec.load(name).draw()
    resnet, gated = archspec.load("resnet50"), archspec.load("se_resnet50")
    yield FOLDER / "se_resnet50.svg", gated.draw(compared_with=resnet)


if __name__ == "__main__":
    for path, picture in pictures():
        path.write_text(picture, encoding="utf-8")
