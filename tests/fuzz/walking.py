"""What a document comes to, read a second time: who runs, on what, and its shape.

A drawn network is held to it, so it shares nothing with elaboration but the shape rule
of each op, which PyTorch judges. Expressions are Python's own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

from nearest import check_nearest
from readers import MODIFIERS, op_of, parted, unread
from ruamel.yaml import YAML
from values import Names, Unfit, scope_of, value, whole

from archspec.errors import ShapeError
from archspec.ops import JOINS, OPS, PRIMITIVES, Op, Shape
from archspec.ops.attributes import InvalidAttributes
from archspec.resources import SPECS

MAX_LAYERS, MAX_CHANNELS, MAX_NUMBERS, MAX_DEGREE = 120, 40, 6_000, 5
BOUNDED = {"sigmoid", "hard_sigmoid", "tanh", "softmax", "relu6"}


@dataclass(eq=False)
class Tensor:
    shape: Shape
    read: bool = False
    degree: int = 1
    """How numbers grow with those of the image: products of products explode."""


def standard_blocks() -> dict[str, Any]:
    files = sorted((SPECS / "blocks").glob("*.yaml"))
    return {name: block for path in files for name, block in parsed(path).items()}


def parsed(path: Path) -> dict[str, Any]:
    return YAML(typ="safe").load(path)


STANDARD = standard_blocks()


def usual(op: str) -> Names:
    """What the attributes are that nobody gives."""
    fields = OPS[op].fields.items()
    return {name: field.default for name, field in fields if not field.required}


def in_order(branches: list[Any]) -> bool:
    """Whether there are two branches, of which the first always is there."""
    repeated = any({"repeat", "series"} & branch.keys() for branch in branches)
    return len(branches) == 2 and "when" not in branches[0] and not repeated


def one_key(join: Any, shapes: list[Shape]) -> bool:
    """Whether a position sees no other."""
    query, key, _ = join.three(shapes)
    return prod(key[1:]) == join.places(query, key).groups


WEIGHTLESS = {name for name, op in OPS.items() if op.weights is Op.weights}
"""The ops that cannot run again."""


class Walk:
    """All layers of a document: `layers` has their ops and output shapes, in order.

    `loose` are the names of the document's layers that nobody reads, but for the last.
    """

    def __init__(self, document: Mapping[str, Any]):
        self.blocks = {**STANDARD, **document.get("blocks", {})}
        self.layers: list[tuple[str, Shape]] = []
        self.first_runs: dict[str, Any] = {}
        self.seen = scope_of(document)
        defaults = document.get("defaults", {})
        self.defaults = {
            op: self.evaluated(op, given, self.seen) for op, given in defaults.items()
        }
        if "classes" in document:
            self.seen["classes"] = document["classes"]
        images = document.get("inputs") or {"input": document["input"]}
        self.known = {name: self.image(image) for name, image in images.items()}
        image = next(iter(self.known.values()))
        image.read = len(images) == 1
        self.outermost = document["layers"]
        self.output = self.run(self.outermost, image, self.seen, self.known, True)

    def image(self, given: Mapping[str, Any]) -> Tensor:
        size = value(given["size"], self.seen)
        size = size if isinstance(size, tuple) else (size, size)
        return Tensor((value(given["channels"], self.seen), *size))

    @property
    def loose(self) -> list[str]:
        """Not the last, which is the result unless there are outputs."""
        found = {id(tensor): name for name, tensor in self.known.items()}
        tensors = [t for t in self.known.values() if not t.read]
        names = [found[id(t)] for t in tensors if t is not self.output]
        return list(dict.fromkeys([*names, *unread(self.outermost, self.outermost)]))

    def run(
        self,
        layers: Mapping[str, Any],
        x: Tensor,
        names: Names,
        known: dict[str, Tensor],
        outermost: bool = False,
    ) -> Tensor:
        own = []
        for name, said in layers.items():
            layer = {said: None} if isinstance(said, str) else said
            x = known[layer["from"]] if "from" in layer else x
            x = self.layer(name, layer, x, names, known)
            known[name] = x
            own.append(x)
        if not outermost and any(not tensor.read and tensor is not x for tensor in own):
            raise Unfit("nobody reads a layer")
        return x

    def layer(
        self,
        name: str,
        layer: Mapping[str, Any],
        x: Tensor,
        names: Names,
        known: dict[str, Tensor],
    ) -> Tensor:
        names = {**names, "channels": x.shape[0]}
        there = value(layer.get("when", True), names)
        if "columns" in layer:
            return self.table(name, layer, x, names, known, there)
        runs = self.first_runs[name] = []
        if not there:
            return x
        if "again" in layer:
            return self.again(layer, x, names, known)
        op, given = op_of(layer)
        repeated = "repeat" in layer
        for step in range(whole(layer["repeat"], names) if repeated else 1):
            changed = layer.get("then", {}) if step else {}
            given = {**self.by_name(op, given), **changed} if changed else given
            seen = {**names, "step": step} if repeated else names
            runs.append((op, given, seen, self.read(op, given, x, known)))
            x = self.once(op, given, x, seen, known)
        return x

    def read(
        self, op: str, given: Any, x: Tensor, known: dict[str, Tensor]
    ) -> list[Shape]:
        """The shapes of what a call reads besides branches."""
        own = self.tensors(op)
        read = self.by_name(op, given) if own else {}
        return [x.shape, *(known[read[n]].shape if n in read else () for n in own)]

    def table(
        self,
        name: str,
        table: Mapping[str, Any],
        x: Tensor,
        names: Names,
        known: dict[str, Tensor],
        there: bool,
    ) -> Tensor:
        rows = table["rows"]
        rows = rows if isinstance(rows, dict) else dict(enumerate(rows))
        if not there:
            known |= {f"{name}.{row}": x for row in rows}
            return x
        read = self.reference_columns(table)
        columns = [
            {**dict(zip(table["columns"], cells, strict=True)), "row": number}
            for number, cells in enumerate(rows.values())
        ]
        given_tensors = [{k: own.pop(k) for k in read} for own in columns]
        cells = [self.cells(own, names) for own in columns]
        times = [self.times(table, {**names, **own}) for own in cells]
        index = 0
        every = zip(rows, cells, times, given_tensors, strict=True)
        for row, own, repeated, tensors in every:
            op = own.get("op", next(iter(table["each"])))
            given = self.by_name(op, table["each"][op])
            cited = {k: given[k] for k in self.tensors(op) if given.get(k) in tensors}
            given = {**given, **{k: tensors[v] for k, v in cited.items()}}
            then = table.get("then", {})
            for step in range(repeated):
                seen = {**names, **own, "index": index, "count": sum(times)}
                seen |= {"step": step, "channels": x.shape[0]}
                changed = {k: v for k, v in then.items() if k in given and step}
                x = self.once(op, {**given, **changed}, x, seen, known)
                index += 1
            known[f"{name}.{row}"] = x
        return x

    def tensors(self, op: str) -> list[str]:
        """The arguments of a block that are tensors."""
        own = self.blocks.get(op, {}).get("arguments", {})
        return [name for name, kind in own.items() if kind in ("tensor", "input")]

    def reference_columns(self, table: Mapping[str, Any]) -> set[str]:
        """The columns that hold names of tensors."""
        given = (
            self.by_name(op, attributes).get(name)
            for op, attributes in table["each"].items()
            for name in self.tensors(op)
        )
        return {*given} & {*table["columns"]}

    @staticmethod
    def cells(own: Names, names: Names) -> Names:
        seen = {**names, "row": own["row"]}
        found = {k: v if k == "op" else value(v, seen) for k, v in own.items()}
        if any(found[k] is None and own[k] is not None for k in own):
            raise Unfit("a cell that names what is not given")
        return found

    @staticmethod
    def times(table: Mapping[str, Any], names: Names) -> int:
        repeat = table.get("repeat", 1)
        once = isinstance(repeat, str) and names.get(repeat, 1) is None
        return 1 if once else whole(repeat, names)

    def again(
        self,
        layer: Mapping[str, Any],
        x: Tensor,
        names: Names,
        known: dict[str, Tensor],
    ) -> Tensor:
        """A layer once more; a block may have weights that depend on the size."""
        first, tensors = layer["again"], {}
        if isinstance(first, dict):
            ((first, tensors),) = first.items()
        for _ in range(whole(layer.get("repeat", 1), names)):
            for op, given, seen, shapes in self.first_runs[first]:
                now = {**self.by_name(op, given), **tensors} if tensors else given
                read = self.read(op, now, x, known)
                alike = x.shape[0] == shapes[0][0] and len(x.shape) == len(shapes[0])
                fixed = op in self.blocks or OPS[op].sized
                if not alike or (fixed and read != shapes):
                    raise Unfit("other weights")
                x = self.once(op, now, x, seen, known)
        return x

    def once(
        self, op: str, given: Any, x: Tensor, names: Names, known: dict[str, Tensor]
    ) -> Tensor:
        names = {**names, "channels": x.shape[0]}
        if op in JOINS:
            return self.join(op, given, x, names, known)
        if op in self.blocks:
            return self.block(op, given, x, names, known)
        given = self.by_name(op, given)
        settings = {**self.defaults_of(op), **self.evaluated(op, given, names)}
        if "like" in given:
            settings["size"] = known[given["like"]].shape[1:]
        seen = {"channels": x.shape[0], **usual(op), **settings}
        for name, fallback in OPS[op].fallbacks.items():
            settings.setdefault(name, value(fallback, seen))
        if settings.get("kind") == "softmax" and x.shape[0] == 1:
            raise Unfit("Keras warns of a softmax over one channel")
        try:
            primitive = OPS[op](**settings)
            primitive.weights(x.shape)
            tensor = self.add(op, primitive.infer(x.shape), [x])
            check_nearest(settings, x.shape, tensor.shape)
            if op == "resize" and 1 in (*x.shape[1:], *tensor.shape[1:]):
                # Behind a layer norm its optimiser loses a 1 of the sizes.
                raise Unfit("onnxruntime 1.31 fails")
        except (InvalidAttributes, ShapeError) as error:
            raise Unfit(str(error)) from None
        bounds = op.endswith("_norm") and op != "global_response_norm"
        if bounds or settings.get("kind") in BOUNDED:
            tensor.degree = 1
        return tensor

    def block(
        self, op: str, given: Any, x: Tensor, names: Names, known: dict[str, Tensor]
    ) -> Tensor:
        block, read = self.blocks[op], {"input": x}
        inner = {} if block is STANDARD.get(op) else dict(self.seen)
        inner["in_channels"] = x.shape[0]
        if unread(block["layers"], block["layers"]):
            raise Unfit("nobody ever reads a layer")
        settings = {**self.defaults_of(op), **self.evaluated(op, given, names)}
        for name in self.tensors(op):
            reference = self.by_name(op, given).get(name)
            if reference is None and block["arguments"][name] == "tensor":
                raise Unfit(f"{op} needs {name}")
            read[name] = x if reference is None else known[reference]
            inner[f"{name}_channels"] = read[name].shape[0]
        for name, default in block.get("arguments", {}).items():
            if name in read:
                continue
            if name not in settings and default in ("int", "float", "bool", "word"):
                raise Unfit(f"{op} needs {name}")
            inner[name] = settings[name] if name in settings else value(default, inner)
        for name, formula in block.get("let", {}).items():
            inner[name] = value(formula, inner)
        if "residual" in block:
            inner["residual"] = bool(value(block["residual"], inner))
        outer, self.first_runs = self.first_runs, {}
        output = self.run(block["layers"], x, inner, read)
        self.first_runs = outer
        if not inner.get("residual"):
            return output
        return self.joined("add", [x, output], {})

    def join(
        self, op: str, given: Any, x: Tensor, names: Names, known: dict[str, Tensor]
    ) -> Tensor:
        attributes, branches = parted(op, given)
        settings = {**self.defaults_of(op), **self.evaluated(op, attributes, names)}
        tensors = [] if branches else [x]
        if op == "subtract" and not in_order([*branches.values()]):
            raise Unfit("the order of the branches matters")
        for branch in branches.values():
            layers = {k: v for k, v in branch.items() if k not in MODIFIERS}
            start = known[branch["from"]] if "from" in branch else x
            seen = {**names, "channels": start.shape[0]}
            if not value(branch.get("when", True), seen):
                tensors += [start] if JOINS[op].roles else []
                continue
            if not {"repeat", "series"} & branch.keys():
                tensors.append(self.run(layers, start, names, dict(known)))
                continue
            for step in range(whole(branch.get("repeat", branch.get("series")), seen)):
                own = {**names, "step": step}
                tensors.append(self.run(layers, start, own, dict(known)))
                start = tensors[-1] if "series" in branch else start
        if not tensors:
            raise Unfit("no branch is there")
        return self.joined(op, tensors, settings)

    def joined(self, op: str, tensors: list[Tensor], settings: Names) -> Tensor:
        try:
            join = JOINS[op](**settings)
            shape = join.infer(*(tensor.shape for tensor in tensors))
        except (InvalidAttributes, ShapeError) as error:
            raise Unfit(str(error)) from None
        if op.endswith("attention") and one_key(join, [x.shape for x in tensors]):
            raise Unfit("Keras warns of a softmax over one key")
        tensor = self.add(op, shape, tensors)
        if op in ("multiply", "separable_attention"):
            tensor.degree = sum(source.degree for source in tensors)
        if tensor.degree > MAX_DEGREE:
            raise Unfit("numbers explode")
        return tensor

    def add(self, op: str, shape: Shape, sources: list[Tensor]) -> Tensor:
        for source in sources:
            source.read = True
        self.layers.append((op, shape))
        wide = len(shape) == 3 and shape[0] > MAX_CHANNELS
        if wide or prod(shape) > MAX_NUMBERS:
            raise Unfit(f"{shape} is large")
        if len(self.layers) > MAX_LAYERS:
            raise Unfit("many layers")
        return Tensor(shape, degree=max(source.degree for source in sources))

    def by_name(self, op: str, given: Any) -> dict[str, Any]:
        """The attributes by their names."""
        if given is None or isinstance(given, dict):
            return given or {}
        own = self.blocks[op]["arguments"] if op in self.blocks else None
        main = next(iter(PRIMITIVES[op].fields if own is None else own))
        return {main: given}

    def evaluated(self, op: str, given: Any, names: Names) -> dict[str, Any]:
        """What is given, without what is null."""
        attributes = self.by_name(op, given)
        skipped = {"like", *self.tensors(op)}
        found = {k: value(v, names) for k, v in attributes.items() if k not in skipped}
        return {k: v for k, v in found.items() if v is not None}

    def defaults_of(self, op: str) -> dict[str, Any]:
        own = self.defaults.get(op, {})
        if op != "depthwise_conv":
            return own
        fields = OPS[op].fields
        conv = self.defaults.get("conv", {})
        return {k: v for k, v in conv.items() if k in fields} | own
