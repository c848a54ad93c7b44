"""The families of ops, one colour each, as `templates/web/palette.css` calls them."""

from __future__ import annotations

from archspec.analysis.rows import Row
from archspec.network import Network, NetworkLayer
from archspec.ops import convolution, pooling, shape
from archspec.ops.base import Op
from archspec.ops.convolution import Conv, Dense, DepthwiseConv
from archspec.ops.join import Join

FAMILIES = {
    "convolution": "convolution",
    "depthwise": "depthwise or grouped convolution",
    "dense": "dense",
    "attention": "attention",
    "block": "block",
    "pooling": "pooling or reshaping",
    "normalization": "normalization or activation",
    "join": "join",
}
"""The families by their colours, as a legend calls them."""

_RESHAPING = (pooling, shape)


def family_of(layer: NetworkLayer) -> str:
    """The family of a primitive or join."""
    op = layer.primitive
    if op.attends:
        return "attention"
    if isinstance(op, Join):
        return "join"
    if isinstance(op, Dense):
        return "dense"
    if _is_from(op, convolution):
        is_grouped = isinstance(op, Conv) and op.groups > 1
        is_depthwise = is_grouped or isinstance(op, DepthwiseConv)
        return "depthwise" if is_depthwise else "convolution"
    return "pooling" if any(_is_from(op, m) for m in _RESHAPING) else "normalization"


def family_of_row(network: Network, row: Row) -> str:
    """The family of a row: of a block, that of its only layer with a kernel.

    A block whose own layers attend is attention; any other is `block`.
    """
    layers = [network.layers[number] for number in row.layers]
    if row.step is None or row.step.inner is None:
        return family_of(layers[0])
    own = row.step.path.count(".") + 1
    attending = [layer for layer in layers if layer.primitive.attends]
    if any(layer.path.count(".") == own for layer in attending):
        return "attention"
    run = f"{row.step.path}."
    families = [family_of(layer) for layer in layers if layer.path.startswith(run)]
    kernels = [f for f in families if f in ("convolution", "depthwise", "dense")]
    is_single = len(kernels) == 1 and not {"attention", "join"} & {*families}
    return kernels[0] if is_single else "block"


def _is_from(op: Op, module: object) -> bool:
    return type(op).__module__ == getattr(module, "__name__", "")
