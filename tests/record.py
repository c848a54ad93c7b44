"""What was verified before: `reference/verified.json`, a digest for each network.

What `verify` finds of a network follows from the text of its files, its layers, what
the ops and the weights' layout make of them, and the frameworks' versions. The digest
is of these, so a network with the recorded one need not be verified again. What ops
make is looked at in small networks, one for each attribute that the network's layers
set: sources may change as they like, results may not, and what the network does not
use is free to come and go.
"""

from __future__ import annotations

import ast
import hashlib
import json
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from exchange import drawn
from layers import before, beside, complete, image_of, layers_of

from archspec.elaboration import elaborate
from archspec.network import Network, NetworkLayer
from archspec.ops import JOINS
from archspec.targets import TARGETS, onnx, render
from archspec.targets.templates import manifest
from archspec.verification.reference import evaluate
from archspec.weights.moves import to_target
from examples import needed, sets, written

FILE = Path(__file__).parent / "reference" / "verified.json"
FRAMEWORKS = (
    "flax",
    "jax",
    "keras",
    "numpy",
    "onnx",
    "onnxruntime",
    "tensorflow",
    "torch",
)
ATTENDED = "layers: {it: {%s: {query: {a: {conv: %d}}}}}"
JOINED = "layers: {it: {%s: {a: {conv: {conv: 6}, norm: batch_norm}, b: {}}}}"
DIGITS = 4
"""Of each number: what is added up in another order differs in the last of them."""


@cache
def recorded() -> Mapping[str, str]:
    return json.loads(FILE.read_text("utf-8"))


class Recorder:
    """A plugin of pytest that adds to the record what has passed."""

    def __init__(self) -> None:
        self.found: dict[str, str] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call" and report.passed:
            verified = dict(report.user_properties).get("verified")
            self.found |= dict([verified] if verified else [])

    def pytest_sessionfinish(self) -> None:
        entries = {**recorded(), **self.found}
        FILE.write_text(json.dumps(entries, indent=2, sort_keys=True) + "\n", "utf-8")


def digest(networks: Iterable[Network]) -> str:
    """Of all that verification depends on, of a network at the sizes it is run at."""
    versions = {name: version(name) for name in FRAMEWORKS}
    hashed = hashlib.sha256(json.dumps(versions).encode())
    used: set[tuple[str, str]] = set()
    for network in networks:
        for target in TARGETS:
            hashed.update(without_docstrings(render(network, target)).encode())
        hashed.update("\n".join(layers(network)).encode())
        used |= {(layer.op, name) for layer in network.layers for name in said(layer)}
    for op, name in sorted(used):
        hashed.update(results(op, name))
    return hashed.hexdigest()[:20]


def said(layer: NetworkLayer) -> dict[str, Any]:
    """The attributes that are not the op's own defaults; "" stands for those."""
    op = layer.primitive
    given = {n: v for n, v in op if v != op.fields[n].default}
    return {"": None, **given}


def without_docstrings(text: str) -> str:
    """The lines that run."""
    lines = text.splitlines()
    for node in ast.walk(ast.parse(text)):
        match node:
            case ast.Expr(ast.Constant(str())):
                lines[node.lineno - 1 : node.end_lineno] = [""] * (
                    node.end_lineno - node.lineno + 1
                )
    return "\n".join(filter(None, lines))


def layers(network: Network) -> Iterator[str]:
    """Each layer with all that is known of it, and the outputs."""
    for layer in network.layers:
        shapes = {name: weight.shape for name, weight in layer.weights.items()}
        read = layer.sources, layer.inputs, layer.output
        yield repr((layer.path, layer.op, said(layer), *read, shapes))
    yield repr((network.input_shape, dict(network.outputs)))


@cache
def results(op: str, attribute: str) -> bytes:
    """What layers compute, what targets call weights, and what is written for ONNX."""
    network = example(op, attribute)
    weights = drawn(network)
    image = np.random.default_rng(0).normal(size=(2, *network.input_shape))
    layouts = [to_target(network, manifest(target), weights) for target in TARGETS]
    found = [rounded(part) for part in (evaluate(network, weights, image), *layouts)]
    for fold in (True, False):
        graph = onnx.model(network, weights, fold_batch_norm=fold).graph
        found.append(str(graph.node).encode())
        found.append(rounded({t.name: to_array(t) for t in graph.initializer}))
    return b"\n".join(found)


def example(op: str, attribute: str) -> Network:
    """A network with a join, or with an op once for each value of an attribute."""
    if op in JOINS:
        filters = 1 if op == "separable_attention" else 6
        text = ATTENDED % (op, filters) if JOINS[op].roles else JOINED % op
    else:
        every = sets(op, attribute) if attribute else [written(needed(op))]
        text = image_of(op) + beside(layers_of(op, every), before(op))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "net.yaml"
        path.write_text(complete(text), encoding="utf-8")
        return elaborate(path)


def to_array(tensor: Any) -> np.ndarray:
    from onnx import numpy_helper

    return numpy_helper.to_array(tensor)


def rounded(arrays: Mapping[str, np.ndarray]) -> bytes:
    """Names, shapes and numbers."""
    parts = [
        f"{name} {array.shape}".encode() + (array.round(DIGITS) + 0).tobytes()
        for name, array in arrays.items()
    ]
    return b"\n".join(parts)
