"""Keys of a document, and what stands beside an op."""

from __future__ import annotations

from archspec.synonyms.glossary import Glossary

REMOVE = "remove it:"

BESIDE = Glossary(
    same={
        "from": "inputs source bottom skipfrom",
        "repeat": "times repeats n count numrepeats",
        "when": "if condition enabled",
        "each": "op ops layer",
        "rows": "table values",
        "columns": "header names",
    },
    other={
        "series": "'series' stands on a branch of a join: {concat: {kept: {}, runs: "
        "{series: 2, ...}}}",
    },
)
"""What stands beside an op, and the keys of tables."""

KEYS = Glossary(
    same={
        "archspec": "version",
        "blocks": "modules submodules",
        "channels": "inchannels inchans numchannels depth",
        "classes": "numclasses nclasses nbclasses labels",
        "define": "constants definitions variables vars functions",
        "erratum": "note notes comment",
        "extends": "inherits parent base",
        "input": "inputsize inputshape imagesize image",
        "layers": "model network architecture net backbone graph body",
        "macs": "flops madds multadds",
        "mean": "means average",
        "multipliers": "hyperparameters settings config parameters params "
        "arguments args",
        "name": "title modelname",
        "outputs": "output returns",
        "parameters": "params numparams",
        "preprocessing": "transforms preprocess",
        "reported": "expected figures paper",
        "size": "shape resolution imagesize",
        "source": "reference citation",
        "std": "stddev variance standarddeviation",
        "summary": "description doc docstring comment",
        "title": "name paper",
        "url": "link href",
        "variants": "versions configs sizes",
    },
    other={
        "head": "a head is layers like others: write them at the end of 'layers'",
        "height width": "write size: [height, width]",
        "optimizer optimiser loss lr learningrate epochs training train batchsize": (
            f"{REMOVE} a spec describes the network, not its training"
        ),
        "padding stride kernel activation": (
            "attributes for all layers stand below their op: defaults: {conv: "
            "{padding: same}, activation: relu}"
        ),
        "include import imports": "'extends' builds on another spec",
        "anchors metadata tags license": f"{REMOVE} use a YAML comment",
    },
)
