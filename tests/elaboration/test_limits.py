"""Specs that would never end, and other numbers of classes."""

from __future__ import annotations

import time

import pytest

from archspec.elaboration import with_classes
from archspec.errors import SpecError

# Limits


@pytest.mark.parametrize(
    ("repeat", "message"),
    [
        ("0", "'repeat' must be a whole number of at least 1, but is 0"),
        ("-1", "'repeat' must be a whole number of at least 1, but is -1"),
        ("1.5", "'repeat' must be a whole number of at least 1, but is 1.5"),
        ("true", "'repeat' must be a whole number of at least 1, but is True"),
        ("999 + channels - 1", "'repeat' is at most 1000, but is 1001"),
        ("1001", "'repeat' is at most 1000, but is 1001"),
        ("1e9", "'repeat' is at most 1000, but is 1000000000"),
    ],
)
@pytest.mark.parametrize(
    "text",
    [
        "{a: {conv: 1, repeat: N}}",
        "{a: {add: {l: {repeat: N, b: conv}}}}",
        "{a: {columns: [c], rows: [[1]], each: {conv: c}, repeat: N}}",
        "{a: {columns: [n], rows: [[N]], each: {conv: 1}, repeat: n}}",
    ],
)
def test_repeat_is_bounded(fault, text, repeat, message):
    assert fault(f"layers: {text.replace('N', repeat)}") == (
        message,
        "layers.a branch l" if "branch" in text else "layers.a",
    )


BOMBS = {
    "blocks of nothing": """
    blocks:
      a: {layers: {x: {b: ~, repeat: 1000}}}
      b: {layers: {x: {c: ~, repeat: 1000}}}
      c: {layers: {x: {identity: ~, when: false}}}
    layers: {a: {a: ~, repeat: 1000}}
    """,
    "layers": """
    blocks: {a: {layers: {x: {identity: ~, repeat: 1000}}}}
    layers: {a: {a: ~, repeat: 1000}}
    """,
    "branches": """
    layers: {a: {add: {l: {repeat: 1000, b: {add: {x: {repeat: 1000}}}}}}}
    """,
    "doubling functions": "define:\n"
    + "  f0(x): x + x\n"
    + "".join(f"  f{n}(x): f{n - 1}(x) + f{n - 1}(x)\n" for n in range(1, 60))
    + "layers: {a: {conv: f59(1)}}",
    "nested calls": f"define: {{f(x): x + x + x}}\nlayers: {{a: {{conv: "
    f"{'f(' * 30}1{')' * 30}}}}}",
    "a long chain of functions": "define:\n  f0(x): x\n"
    + "".join(f"  f{n}(x): 1 + -f{n - 1}(x)\n" for n in range(1, 99))
    + "layers: {a: {conv: f98(1)}}",
    "a chain of blocks": "blocks:\n"
    + "".join(f"  b{n}: {{layers: {{x: b{n + 1}}}}}\n" for n in range(500))
    + "  b500: {layers: {x: identity}}\nlayers: {a: b0}",
}


@pytest.mark.parametrize("text", BOMBS.values(), ids=BOMBS)
def test_bombs_end(network, text):
    start = time.process_time()
    with pytest.raises(SpecError, match=r"more than|deeper than"):
        network(text)
    assert time.process_time() - start < 5


# Other numbers of classes


def test_with_classes(network):
    found = network("layers: {p: global_avg_pool, a: {dense: classes}}")
    assert found.output_shape == (10,)
    assert with_classes(found, 7).output_shape == (7,)
