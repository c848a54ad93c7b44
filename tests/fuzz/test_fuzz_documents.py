"""Whatever a document says: a network, or a diagnostic; soon, and in little memory."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random
from typing import Any

import pytest
from mutations import FILES, garbled, mutated, near, override, smaller
from oddities import any_text, anything, document
from tally import CASES, each, tried

from archspec.analysis.cost import cost_document
from archspec.analysis.table import page, to_csv
from archspec.elaboration import elaborate, folded
from archspec.errors import Diagnosed, SpecError
from archspec.language.load import variant_names
from archspec.network import Network
from archspec.targets import TARGETS, render


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return tmp_path_factory.mktemp("fuzz") / "net.yaml"


def written(path: Path, content: str | bytes) -> None:
    if isinstance(content, str):
        content = content.encode("utf-8", "surrogatepass")
    path.write_bytes(content)


def counted(path: str | Path, variants: tuple[str, ...], sets: tuple[str, ...] = ()):
    """The network, after all that `flops` prints of it."""
    network = elaborate(path, variants, sets)
    assert network.parameters >= network.trainable_parameters >= 0
    assert network.macs >= 0
    json.dumps(cost_document(network), allow_nan=False)
    costs = page(network)
    for printed in (costs.to("text"), costs.to("markdown"), to_csv(network)):
        assert all(c.isprintable() or c == "\n" for c in printed)
    return network


def check_told(error: Diagnosed) -> None:
    """Each diagnostic has a code, and a place that is one; the whole is printable."""
    assert error.diagnostics
    assert all(c.isprintable() or c == "\n" for c in str(error))
    for found in error.diagnostics:
        assert found.code[:2] == "AS"
        assert found.code[2:].isdecimal()
        assert found.message
        if (place := found.place) is None:
            continue
        inside = 1 <= place.column <= len(place.source) + 1
        # The reader counts columns otherwise than YAML does after odd characters.
        assert inside or found.code == "AS102", place
        assert min(place.line, place.length) >= 1
        assert "\n" not in place.source


def tell(kind: str, run: Any) -> Network | None:
    result = tried(kind, run)
    if isinstance(result, Diagnosed):
        check_told(result)
        return None
    return result


def try_document(
    kind: str, path: Path, content: str | bytes, variant: int
) -> Network | None:
    """Elaborate a file, with one of its variants or none."""
    written(path, content)

    def run() -> Network:
        known = variant_names(path)
        chosen = known[variant - 1 : variant] if variant else ()
        return counted(path, tuple(chosen))

    return tell(kind, run)


VARIANTS = (0, 0, 1, 2)


def each_document(kind: str, cases: float, path: Path, draw: Any) -> None:
    """Try documents, each as it is or in one of its variants."""

    def check(case: tuple[int, Any]) -> None:
        variant, tree = case
        content = tree if isinstance(tree, bytes) else document(tree)
        try_document(kind, path, content, variant)

    def less(case: tuple[int, Any]) -> Any:
        variant, tree = case
        return ((variant, found) for found in smaller(tree))

    each(kind, cases, lambda r: (r.choice(VARIANTS), draw(r)), check, less)


def some_bytes(random: Random) -> bytes:
    start = random.choice((b"", b"archspec: 1\nname: ", b"layers: {"))
    if random.random() < 0.5:
        return start + random.randbytes(random.randint(0, 40))
    text = bytearray(random.choice(FILES).read_bytes())
    for _ in range(random.randint(1, 4)):
        text[random.randrange(len(text))] = random.randrange(256)
    return bytes(text)


def some_text(random: Random) -> str:
    start = random.choice(("", "archspec: 1\nname: ", "layers: {a: ", "define: {"))
    return start + any_text(random)


@pytest.mark.usefixtures("part")
@pytest.mark.parametrize(
    ("kind", "share", "draw"),
    [
        ("bytes", 2, some_bytes),
        ("text", 3, some_text),
        ("structures", 3, anything),
        ("near the grammar", 8, near),
        ("mutated specs", 3, mutated),
        ("garbled specs", 3, garbled),
    ],
)
def test_documents(kind, share, draw, path):
    each_document(kind, share * CASES, path, draw)


@pytest.mark.usefixtures("part")
def test_overrides():
    def draw(random: Random) -> tuple[int, list[str]]:
        sets = [override(random) for _ in range(random.randint(1, 3))]
        return random.randrange(len(FILES)), sets

    def check(case: tuple[int, list[str]]) -> None:
        number, sets = case
        tell("overrides", lambda: counted(FILES[number], (), tuple(sets)))

    each("overrides", 2 * CASES, draw, check)


@pytest.mark.usefixtures("part")
def test_rendered(path):
    def check(tree: Any) -> None:
        if (network := elaborated(tree)) is None:
            return
        result = tried("rendered", lambda: printed(network), children=True)
        if isinstance(result, Diagnosed):
            check_told(result)

    def elaborated(tree: Any) -> Network | None:
        written(path, document(tree))
        try:
            return elaborate(path)
        except SpecError:
            return None

    def draw(random: Random) -> Any:
        for _ in range(30):
            tree = random.choice((near, mutated))(random)
            if elaborated(tree) is not None:
                break
        return tree

    each("rendered", CASES / 3, draw, check, smaller)


def printed(network: Network) -> None:
    """Both files, which are Python, and those of the folded network."""
    for found in (network, folded(network)):
        for target in TARGETS:
            compile(render(found, target), target, "exec")
