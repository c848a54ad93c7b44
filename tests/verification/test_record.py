"""The record of what was verified: what matters changes a network's digest."""

from __future__ import annotations

import numpy as np
import pytest
import record
from test_specs import ALWAYS
from zoo import EVERY, EXAMPLES, FLAVOURED, label

from archspec.elaboration import elaborate

SPEC = "tutorials/separable_convolution"


@pytest.fixture
def digest(monkeypatch):
    """The digest of a network, reckoned anew and by other results if they are given."""
    forget = record.results.cache_clear

    def digest(change: str = "", result=None, spec: str = SPEC, **more) -> str:
        forget()
        if change:
            monkeypatch.setattr(record, change, result)
        return record.digest([elaborate(spec, **more)])

    yield digest
    forget()


def test_it_has_every_spec_and_flavour():
    others = (path for path in (*EVERY, *EXAMPLES) if path.stem not in ALWAYS)
    labels = {*map(label, others), *(label(*each) for each in FLAVOURED)}
    assert record.recorded().keys() == labels


def test_a_digest_stays(digest):
    assert digest() == digest()


def test_another_network_has_another(digest):
    sizes = (f"input.size={size}" for size in (8, 9))
    overridden = [digest(overrides=[size]) for size in sizes]
    assert len({digest(), *overridden}) == 3


def test_text_that_does_not_run_is_not_in_it(digest):
    text = record.render

    def said(network, target):
        return text(network, target).replace('"""', '"""Other words\nabout it: ', 1)

    def altered(network, target):
        return text(network, target).replace("bias=False", "bias=True")

    assert digest() == digest("render", said) != digest("render", altered)


@pytest.mark.parametrize("changed", ["evaluate", "to_target"])
def test_other_results_are_another_digest(digest, changed):
    """What layers compute, and the order of weights, whatever the code is."""
    right = getattr(record, changed)

    def other(*arguments):
        found = right(*arguments)
        return found | {name: np.flip(array, -1) for name, array in found.items()}

    def rounding(*arguments):
        found = right(*arguments)
        return {name: array * (1 + 1e-15) for name, array in found.items()}

    assert digest() == digest(changed, rounding) != digest(changed, other)


@pytest.mark.parametrize("op", ["conv", "max_pool"])
def test_only_ops_of_the_network_matter(digest, op):
    right = record.results

    def other(name, attribute):
        return b"other" if name == op else right(name, attribute)

    assert (digest() == digest("results", other)) is (op == "max_pool")


def test_other_versions_are_another_digest(digest):
    assert digest() != digest("version", lambda name: "0")
