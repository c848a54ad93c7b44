"""The document: what a spec says, after merging.

Names and references are checked on the nodes that it is read from (`names`,
`references`), where their places are known.
"""

from __future__ import annotations

from typing import Annotated, Any, cast

from pydantic import (
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    model_validator,
)
from pydantic_core import PydanticCustomError

from archspec.errors import Place
from archspec.expressions import Name
from archspec.language.fields import (
    Argument,
    Cell,
    ChannelOrder,
    Classes,
    ClassName,
    Exact,
    Figure,
    Flag,
    Formula,
    Identifier,
    Interpolation,
    Label,
    Location,
    Maybe,
    Numbers,
    Pixels,
    Positive,
    Positives,
    Quantity,
    ScalarFormula,
    Text,
    Version,
    Word,
)
from archspec.reading.nodes import Scalar, text_of

__all__ = ["Formula", "Quantity", "Word"]  # read by their home

Attributes = dict[str, Maybe]


class Model(BaseModel):
    """What all parts of a document share."""

    # deferred: only the whole document is ever validated, so only its schema is built
    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        arbitrary_types_allowed=True,
        populate_by_name=True,
        defer_build=True,
    )


class Source(Model):
    """Where an architecture was published."""

    title: Text
    url: Text | None = None


class Figures(Model):
    """What the paper says; an erratum says why it is not what comes out."""

    parameters: Figure | None = None
    macs: Figure | None = None
    erratum: Text | None = None


class Input(Model):
    """The image: channels and [height, width]."""

    channels: ScalarFormula
    size: Annotated[list[ScalarFormula], Field(min_length=2, max_length=2)]


class Preprocessing(Model):
    """What the network expects of its input; it generates nothing."""

    scale: Positive | None = None
    mean: Numbers | None = None
    std: Positives | None = None
    resize: Pixels | None = None
    crop: Pixels | None = None
    interpolation: Interpolation | None = None
    channels: ChannelOrder | None = None


class Modified(Model):
    """The modifiers that every layer takes."""

    when: Maybe = None
    repeat: Maybe = None
    origin: Label | None = Field(None, alias="from")


class OpLayer(Modified):
    """A primitive or a block."""

    op: Label
    attributes: Attributes = {}
    like: Label | None = None
    then: Attributes = {}

    @property
    def place(self) -> Place:
        """Where its op stands."""
        return self.op.place


class Branch(Modified):
    """One side of a join: layers in a row, or nothing for the identity."""

    layers: dict[str, Layer]


class JoinLayer(Modified):
    """add, multiply or concat of branches."""

    op: Label
    branches: dict[str, Branch] = Field(min_length=1)

    @property
    def place(self) -> Place:
        """Where its op stands."""
        return self.op.place


class Table(Modified):
    """Rows of a paper's table; `named` tells rows with names from numbered ones."""

    columns: list[Text] = Field(min_length=1)
    rows: dict[str, list[Cell]] = Field(min_length=1)
    named: bool = False
    place: Location
    each: dict[str, Attributes] = Field(min_length=1)
    then: Attributes = {}

    @model_validator(mode="before")
    @classmethod
    def _named_rows(cls, data: dict[str, Any]) -> dict[str, Any]:
        """Numbers become names; what stands under `op` is no expression."""
        rows, columns = data.get("rows"), data.get("columns")
        named = isinstance(rows, dict)
        if isinstance(rows, list):
            numbered = enumerate(cast("list[object]", rows))
            rows = {str(number): row for number, row in numbered}
        words = _texts(columns)
        place = words[0].place if words else Place("", 1, 1)
        if isinstance(rows, dict):
            columns_of = [word.text for word in words]
            table = cast("dict[str, object]", rows)
            rows = {name: _cells(row, columns_of) for name, row in table.items()}
        return {**data, "rows": rows, "named": named, "place": place}

    def repeat_of(self, row: str) -> Formula | None:
        """How often a row is run; None: once, and its path has no number for it."""
        said = self.repeat
        if said is None or not isinstance(said.expression, Name):
            return said
        cells = dict(zip(self.columns, self.rows[row], strict=True))
        return None if cells.get(said.expression.id, said) is None else said

    @model_validator(mode="after")
    def _full_rows(self) -> Table:
        for name, cells in self.rows.items():
            if len(cells) != len(self.columns):
                message = (
                    f"row {name} has {len(cells)} cells for {len(self.columns)} "
                    f"columns ({', '.join(self.columns)})"
                )
                help = "'~' stands for what is not given"
                context = {"message": message, "steps": ("rows", name), "help": help}
                raise PydanticCustomError("below", "{message}", context)
        return self


def _texts(columns: object) -> list[Scalar]:
    """The columns, as far as they are names."""
    items = cast("list[object]", columns) if isinstance(columns, list) else []
    return [item for item in items if isinstance(item, Scalar)]


def _cells(row: object, columns: list[str]) -> object:
    """A row of one column may leave out its brackets; an op's name is a word."""
    cells = cast("list[object]", row) if isinstance(row, list) else [row]
    return [
        Word(text, cell.place)
        if column == "op" and isinstance(cell, Scalar) and (text := text_of(cell))
        else cell
        for cell, column in zip(cells, [*columns, *[""] * len(cells)], strict=False)
    ]


def _kind(value: Any) -> str:
    """Which of the canonical forms a layer has."""
    keys = cast("dict[str, object]", value) if isinstance(value, dict) else {}
    if not keys.keys().isdisjoint(("columns", "rows", "each")):
        return "<table>"
    return "<join>" if "branches" in keys else "<op>"


Layer = Annotated[
    Annotated[OpLayer, Tag("<op>")]
    | Annotated[JoinLayer, Tag("<join>")]
    | Annotated[Table, Tag("<table>")],
    Discriminator(_kind),
]


class Block(Model):
    """A block's arguments, its definitions and its layers."""

    name: Identifier
    place: Location
    standard: Flag
    summary: Text | None = None
    source: Source | None = None
    arguments: dict[str, Argument] = {}
    let: dict[str, Exact] = {}
    residual: Maybe = None
    layers: dict[str, Layer] = Field(min_length=1)

    @model_validator(mode="before")
    @classmethod
    def _place(cls, data: dict[str, Any]) -> dict[str, Any]:
        """It stands where its name does."""
        return {**data, "place": data["name"].place}


class Definition(Model):
    """A constant or a one-line function of `define:`."""

    parameters: list[Text]
    body: Exact


class Document(Model):
    """One network as its spec says it, after merging."""

    archspec: Version
    name: ClassName
    summary: Text | None = None
    source: Source | None = None
    preprocessing: Preprocessing | None = None
    multipliers: dict[str, ScalarFormula] = {}
    define: dict[str, Definition] = {}
    input: Input
    classes: Classes | None = None
    defaults: dict[str, Attributes] = {}
    blocks: dict[str, Block] = {}
    layers: dict[str, Layer] = Field(min_length=1)
    outputs: dict[str, Label] = {}
    reported: Figures | None = None
