"""Random networks, counted with random values, as elaborating them anew has it."""

from __future__ import annotations

from random import Random

import pytest
from assignments import assignment, paths
from hypothesis import given
from hypothesis import strategies as st
from networks import Drawn, networks
from tally import NETWORKS
from tally import drawn as drawn_cases

from archspec.exploring.evaluator import Evaluator
from archspec.exploring.figures import FIGURES
from archspec.language import load
from archspec.language.written import plain
from archspec.reading import read_source

ASSIGNMENTS = 5


@pytest.mark.usefixtures("part")
def test_networks(tmp_path):
    @drawn_cases(2 * NETWORKS)
    @given(drawn=networks(), random=st.randoms(use_true_random=True))
    def one(drawn: Drawn, random: Random) -> None:
        path = tmp_path / "net.yaml"
        path.write_text(drawn.text)
        source = read_source(path)
        evaluator = Evaluator(source, names=FIGURES)
        found = paths(plain(load(source)))
        for _ in range(ASSIGNMENTS):
            values = assignment(random, found)
            assert evaluator(values) == evaluator.elaborated(values), values

    one()
