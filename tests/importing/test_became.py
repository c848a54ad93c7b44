"""The layers that modules of a source became, in the report of an import."""

from pathlib import Path

import torch
from test_shared import Recurrent, Siamese
from test_structured import Mobile

from archspec.importing.became import became
from archspec.importing.structured import best
from archspec.importing.torch import live
from archspec.importing.torch.reading import read


def told(module, *sizes, until="", **options):
    program = live.export(module, tuple(torch.rand(2, 3, n, n) for n in sizes))
    graph, _ = read(program.until(until) if until else program)
    return became(best(graph, "Net", Path("net.yaml"), **options))


def test_modules_become_layers_tables_and_blocks():
    found = told(Mobile(), 32)
    assert found.lines == [
        "features.0 -> stem: conv_bn_act",
        "features.1 to features.5 -> stages: 5 x inverted_residual",
        "features.6 -> head: conv_bn_act",
        "classifier.0 -> dropout: dropout",
        "classifier.1 -> classifier: dense",
        "blocks: 5 Inverted are inverted_residual",
    ]
    document = found.document()
    modules = [f"features.{n}" for n in range(1, 6)]
    stages = {"ops": ["inverted_residual"], "modules": modules}
    assert document["layers"]["stages"] == stages
    assert document["blocks"] == {"inverted_residual": {"Inverted": 5}}


def test_a_part_and_a_flat_spec():
    assert told(Mobile(), 32, until="features.1").lines == [
        "features.0 -> stem: conv_bn_act",
        "features.1 -> inverted_residual: inverted_residual",
        "blocks: 1 Inverted is inverted_residual",
    ]
    assert told(Mobile(), 32, is_flat=True).lines == []


def test_modules_that_run_again():
    assert told(Siamese(), 16, 8).lines == [
        "tower -> tower: tower",
        "tower -> tower_2: tower",
        "score -> classifier: dense",
        "blocks: 2 Tower are tower",
    ]
    assert told(Recurrent(), 16).lines[1:4] == [
        "step -> step: conv_bn",
        "step -> step_2: 2 x conv_bn",
        "chain -> chain: chain",
    ]
