"""What the tests of generated files share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

pytest.importorskip("torch")
pytest.importorskip("keras")

from exchange import Case, doubles

from archspec.elaboration import elaborate

USUAL = {
    "archspec": "1",
    "name": "Net",
    "input": "{channels: 6, size: [9, 12]}",
    "classes": "5",
    "defaults": """
  conv: {padding: same, bias: false}
  batch_norm: {epsilon: 1e-4, decay: 0.9}
  layer_norm: {epsilon: 1e-6}
  activation: relu""",
}


@pytest.fixture(autouse=True, scope="module")
def float64() -> Iterator[None]:
    with doubles():
        yield


@pytest.fixture
def network(tmp_path: Path) -> Callable[[str], Case]:
    """A case from the rest of a spec, whose keys win over the usual ones."""

    def build(text: str, *overrides: str) -> Case:
        path = tmp_path / "net.yaml"
        given = f"\n{text}"
        lines = [f"{k}: {v}" for k, v in USUAL.items() if f"\n{k}:" not in given]
        path.write_text("\n".join([*lines, text]), encoding="utf-8")
        return Case(elaborate(path, overrides=overrides))

    return build
