"""What the tests of generated files share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

pytest.importorskip("torch")
pytest.importorskip("keras")

from exchange import Case, doubles
from layers import complete

from archspec.elaboration import elaborate


@pytest.fixture(autouse=True, scope="module")
def float64() -> Iterator[None]:
    with doubles():
        yield


@pytest.fixture
def network(tmp_path: Path) -> Callable[[str], Case]:
    """A case from the rest of a spec, whose keys win over the usual ones."""

    def build(text: str, *overrides: str) -> Case:
        path = tmp_path / "net.yaml"
        path.write_text(complete(text), encoding="utf-8")
        return Case(elaborate(path, overrides=overrides))

    return build
