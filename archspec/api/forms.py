"""Forms of layers, branches and inputs, which are no primitives."""

from __future__ import annotations

from typing import NamedTuple


class Form(NamedTuple):
    """A key of the language; `section` is a heading of docs/language.md."""

    name: str
    example: str
    summary: str
    section: str

    def __str__(self) -> str:
        return f"{self.name}: {self.summary}, such as {self.example}; see " + (
            f'"{self.section}" in docs/language.md.'
        )


_LAYER = "Modifiers"
_TABLE = "Tables"

FORMS = {
    form.name: form
    for form in (
        Form(
            "again", "{again: stem}", "Run an earlier layer with its weights", "again"
        ),
        Form("when", "when: stride > 1", "Skip the layer if false", _LAYER),
        Form("repeat", "repeat: 3", "Run the layer several times in a row", _LAYER),
        Form("then", "then: {stride: 1}", "Attributes from the second run on", _LAYER),
        Form("from", "from: stem", "Read the output of another layer", _LAYER),
        Form(
            "series", "series: 3", "Join the outputs of a chain of runs", "Structures"
        ),
        Form("columns", "columns: [c, n, s]", "Names for the values of rows", _TABLE),
        Form("rows", "rows: [[16, 1, 2]]", "A table of layers", _TABLE),
        Form("each", "each: {conv: c}", "The op of all rows of a table", _TABLE),
        Form(
            "inputs",
            "inputs: {left: {channels: 3, size: 32}, right: {channels: 3, size: 32}}",
            "Several inputs of the network",
            "Several inputs",
        ),
        Form("residual", "residual: stride == 1", "Add a block's input", "Blocks"),
        Form(
            "tensor",
            "arguments: {skip: tensor}",
            "Another tensor that a block reads",
            "Tensor arguments",
        ),
    )
}
"""By name. `archspec ops NAME` describes them beside the primitives."""
