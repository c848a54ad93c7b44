"""What is built from operations: it computes the same, or it is refused.

Each operation is done twice, by the builder and by NumPy; a `Value` is compared by the
numbers that its node computes, laid out as it says.
"""

from itertools import chain
from random import Random

import numpy as np
import pytest

from archspec.errors import InvalidArgument
from archspec.importing.attending import Scores
from archspec.importing.building import Builder, Constant
from archspec.importing.groups import bias_table, check_mask
from archspec.importing.layouts import (
    Unreadable,
    check,
    expanded,
    permuted,
    reshaped,
    rolled,
)
from archspec.importing.matching import pairs
from archspec.importing.models import Model
from archspec.ops.places import Places

BATCH = 2


class Twin:
    """A tensor as the builder has it, and as NumPy computes it."""

    def __init__(self, made, value, array):
        self.made, self.value, self.array = made, value, array

    def of(self, value, array):
        """Another tensor, which is compared."""
        check(value)
        np.testing.assert_allclose(self.made.numbers(value), array, atol=1e-9)
        return Twin(self.made, value, array)

    def permuted(self, *order):
        return self.of(permuted(self.value, order), self.array.transpose(order))

    def reshaped(self, *shape):
        return self.of(reshaped(self.value, shape), self.array.reshape(shape))

    def rolled(self, amount, axes=(2, 3)):
        both = (amount, amount)
        array = np.roll(self.array, both, axes)
        return self.of(rolled(self.value, both, axes), array)

    def scaled(self, factor):
        value = self.made.builder.scaled(self.value, factor)
        factor = factor.array if isinstance(factor, Constant) else factor
        return self.of(value, self.array * factor)

    def added(self, number):
        value = self.made.builder.shifted(self.value, number)
        return self.of(value, self.array + number)

    def shifted(self, constant):
        value = self.made.builder.shifted(self.value, constant)
        return self.of(value, self.array + constant.array)

    def sliced(self, axis, start, stop):
        value = self.made.builder.sliced(self.value, axis, start, stop)
        index = [slice(None)] * self.array.ndim
        index[axis] = slice(start, stop)
        return self.of(value, self.array[tuple(index)])

    def taken(self, axis, index):
        value = self.made.builder.taken(self.value, axis, index)
        return self.of(value, self.array.take(index, axis))

    def dense(self, units=3):
        weight = self.made.weight(units, self.array.shape[-1])
        value = self.made.builder.dense(self.value, weight, None)
        return self.of(value, self.array @ weight.array.T)

    def pooled(self, *axes, keep=False, kind="avg"):
        name = f"global_{kind}_pool"
        value = self.made.builder.pooled(name, self.value, axes, keep=keep)
        function = {"avg": np.mean, "max": np.max}[kind]
        return self.of(value, function(self.array, axes, keepdims=keep))

    def softmax(self, axis):
        value = self.made.builder.channelwise(
            "activation", self.value, axis, {}, kind="softmax"
        )
        return self.of(value, softmax(self.array, axis))

    def relu(self):
        value = self.made.builder.pointwise("activation", self.value, kind="relu")
        return self.of(value, np.maximum(self.array, 0))

    def layer_norm(self, axis):
        length = self.array.shape[axis]
        weights = {name: self.made.weight(length) for name in ("scale", "shift")}
        value = self.made.builder.channelwise(
            "layer_norm", self.value, axis, weights, epsilon=1e-5
        )
        along = [1] * self.array.ndim
        along[axis] = length
        scale, shift = (weights[n].array.reshape(along) for n in ("scale", "shift"))
        return self.of(value, scaled(self.array, (axis,)) * scale + shift)

    def group_norm(self, groups):
        """Of axis 1, as frameworks have it."""
        batch, channels, *others = self.array.shape
        weights = {name: self.made.weight(channels) for name in ("scale", "shift")}
        value = self.made.builder.channelwise(
            "group_norm", self.value, 1, weights, groups=groups, epsilon=1e-5
        )
        split = self.array.reshape(batch, groups, -1)
        along = 1, channels, *[1] * len(others)
        scale, shift = (weights[n].array.reshape(along) for n in ("scale", "shift"))
        array = scaled(split, (2,)).reshape(self.array.shape) * scale + shift
        return self.of(value, array)

    def normalised(self, axis):
        means = tuple(np.linspace(0, 1, self.array.shape[axis]))
        value = self.made.builder.channelwise(
            "normalize", self.value, axis, {}, mean=means, std=(2.0,)
        )
        along = [1] * self.array.ndim
        along[axis] = -1
        return self.of(value, (self.array - np.reshape(means, along)) / 2)


class Made:
    """A builder, and the numbers of its nodes."""

    def __init__(self, seed=0):
        self.builder = Builder(BATCH)
        self.random = np.random.default_rng(seed)
        self.arrays = {}

    def input(self, *shape, last=False):
        value = self.builder.input(f"x{len(self.arrays)}", shape, last=last)
        array = self.random.normal(size=(BATCH, *shape))
        self.arrays[value.node] = array
        return Twin(self, value, np.moveaxis(array, 1, -1) if last else array)

    def weight(self, *shape):
        name = f"w{self.random.integers(10**9)}"
        return Constant(name, self.random.normal(size=shape))

    def computed(self, node):
        """What a node computes."""
        if node not in self.arrays:
            weights = {name: tensor.array for name, tensor in node.weights.items()}
            first, *others = map(self.computed, node.sources)
            self.arrays[node] = node.op.evaluate(first, weights, *others)
        return self.arrays[node]

    def numbers(self, value):
        """The numbers of a value in its layout."""
        array = self.computed(value.node)
        if value.shift:
            array = np.roll(array, (-value.shift, -value.shift), (2, 3))
        (batch,) = self.builder.layouts.batch
        own = [batch, *chain.from_iterable(value.axes)]
        array = array.reshape([axis.size for axis in own])
        wanted = [*chain.from_iterable(value.dims)]
        held = [axis for axis in wanted if axis in own]
        array = array.transpose([own.index(axis) for axis in held])
        array = array.reshape([a.size if a in held else 1 for a in wanted])
        array = np.broadcast_to(array, [axis.size for axis in wanted])
        return array.reshape(value.shape) * value.factor + value.addend

    def joined(self, name, *twins):
        value = self.builder.join(name, [twin.value for twin in twins])
        first, second = (twin.array for twin in twins)
        functions = {"add": np.add, "subtract": np.subtract, "multiply": np.multiply}
        return twins[0].of(value, functions[name](first, second))

    def concat(self, *twins, axis=1):
        value = self.builder.concat([twin.value for twin in twins], axis)
        arrays = [twin.array for twin in twins]
        return twins[0].of(value, np.concatenate(arrays, axis))

    def attended(self, query, key, given, **options):
        """Of (N, heads, positions, channels)."""
        found = self.builder.attention(
            query.value, key.value, given.value, scale=None, **options
        )
        bias = options["bias"].array if "bias" in options else 0
        scores = query.array @ key.array.swapaxes(2, 3) * query.array.shape[3] ** -0.5
        return query.of(found, softmax(scores + bias, -1) @ given.array)


def softmax(array, axis):
    powers = np.exp(array - array.max(axis, keepdims=True))
    return powers / powers.sum(axis, keepdims=True)


def scaled(array, axes):
    variance = array.var(axes, keepdims=True)
    return (array - array.mean(axes, keepdims=True)) / np.sqrt(variance + 1e-5)


@pytest.fixture
def made():
    return Made()


def shuffled(twin, groups):
    """Channels by hand in another order, without an operation for it."""
    batch, channels, height, width = twin.array.shape
    parts = twin.reshaped(batch, groups, channels // groups, height, width)
    return parts.permuted(0, 2, 1, 3, 4).reshaped(batch, channels, height, width)


# -- a factor that waits for what uses it up -----------------------------------


def test_a_factor_and_a_number_are_settled_where_they_are_needed(made):
    x, y = made.input(4, 4, 4), made.input(4, 4, 4)
    tokens = x.reshaped(2, 4, 16).permuted(0, 2, 1)
    half, back = x.scaled(0.5).added(3), x.scaled(-2)
    for use in (
        lambda: made.joined("add", half, y),
        lambda: made.joined("add", y, half),
        lambda: made.concat(half, y),
        lambda: half.permuted(0, 2, 3, 1).dense(),
        half.relu,
        lambda: half.pooled(2, 3),
        lambda: half.group_norm(2),
        lambda: half.shifted(made.weight(1, 4, 4, 4)),
        lambda: made.builder.grouped(half.reshaped(2, 2, 32).value, 1e-5),
    ):
        use()
    assert dict(made.builder.output(half.value).op) == {"mean": (-6,), "std": (2,)}
    assert made.builder.gaps == []
    assert made.builder.output(back.value).op is None
    assert [gap.why for gap in made.builder.gaps] == ["a tensor times -2"]
    half.scaled(2).pooled(2, 3)
    part = tokens.dense(4).scaled(0.5).sliced(2, 1, 3).reshaped(2, 16, 2, 1)
    assert part.taken(2, 0).value.factor == 0.5


def heads(twin, count):
    """(N, tokens, channels) as (N, heads, tokens, channels of a head)."""
    batch, tokens, channels = twin.array.shape
    split = twin.reshaped(batch, tokens, count, channels // count)
    return split.permuted(0, 2, 1, 3)


def test_attention_keeps_the_factor_of_values(made):
    x = made.input(8, 3, 4).reshaped(2, 8, 12).permuted(0, 2, 1)
    q, k, v = (heads(x.dense(8), 2) for _ in range(3))
    assert made.attended(q.scaled(2), k.scaled(0.25), v).value.factor == 1
    assert made.attended(q, k, v.scaled(3)).value.factor == 3


def test_attention_with_values_in_another_order_of_positions(made):
    x = made.input(8, 4, 4)
    rows = x.permuted(0, 2, 3, 1).reshaped(2, 16, 8)
    columns = x.permuted(0, 3, 2, 1).reshaped(2, 16, 8)
    q, k, v = (heads(each.dense(8), 2) for each in (rows, rows, columns))
    with pytest.raises(Unreadable, match="rearranged"):
        made.attended(q, k, v)


def test_attention_of_rolled_tensors_needs_windows(made):
    x = made.input(8, 4, 4, last=True).rolled(2, (1, 2)).reshaped(2, 16, 8)
    q, k, v = (heads(x.dense(8), 2) for _ in range(3))
    with pytest.raises(Unreadable, match="no windows"):
        made.attended(q, k, v, bias=made.weight(2, 16, 16))


# -- orders of channels and positions ------------------------------------------


def test_channels_in_another_order(made):
    x, y = made.input(8, 4, 4), made.input(8, 4, 4)
    depth = x.reshaped(2, 2, 2, 2, 4, 4).permuted(0, 3, 2, 1, 4, 5)
    odd = depth.reshaped(2, 8, 4, 4)  # no op has this order
    odd.layer_norm(1)
    odd.permuted(0, 2, 3, 1).dense()
    odd.softmax(1)
    for use in (
        lambda: odd.group_norm(2),
        lambda: odd.normalised(1),
        lambda: made.concat(odd, y),
        lambda: odd.sliced(1, 0, 4),
        lambda: made.joined("add", odd, y),
    ):
        with pytest.raises(Unreadable, match="rearranged"):
            use()
    mixed = shuffled(x, 2)
    assert mixed.group_norm(2).value.node.sources[0].name == "channel_shuffle"
    mixed.normalised(1)
    made.concat(mixed, y)
    mixed.sliced(1, 2, 5)


def test_a_softmax_is_over_the_dimension_that_is_named(made):
    x = made.input(4, 4, 4)
    x.softmax(1)
    for axis in (2, 3):
        with pytest.raises(Unreadable):
            x.softmax(axis)
    with pytest.raises(Unreadable):
        made.concat(x, x, axis=2)
    x.reshaped(2, 4, 16).softmax(2)


def test_positions_in_another_order(made):
    """Rows and columns that are exchanged have the same size."""
    x, y = made.input(3, 4, 4), made.input(3, 4, 4)
    turned = y.permuted(0, 1, 3, 2)
    turned.relu().pooled(2, 3)
    for use in (
        lambda: made.concat(x, turned),
        lambda: made.joined("add", x, turned),
        lambda: turned.shifted(made.weight(1, 3, 4, 4)),
        lambda: made.concat(x.rolled(2), y),
        lambda: made.concat(x.rolled(2), y.rolled(1)),
    ):
        with pytest.raises(Unreadable):
            use()
    both = made.concat(x.permuted(0, 1, 3, 2), turned)
    made.concat(x.rolled(2), y.rolled(2))
    tokens = x.reshaped(2, 3, 16).permuted(0, 2, 1)
    tokens.shifted(made.weight(1, 16, 3))
    made.concat(both.permuted(0, 3, 2, 1), x.permuted(0, 2, 3, 1), axis=3)


def windows(twin):
    """(N, rows, columns, C) as (N and windows, positions, C), windows of two."""
    batch, height, width, channels = twin.array.shape
    cut = twin.reshaped(batch, height // 2, 2, width // 2, 2, channels)
    return cut.permuted(0, 1, 3, 2, 4, 5).reshaped(-1, 4, channels)


def test_statistics_of_windows_are_not_those_of_images(made):
    x = windows(made.input(8, 4, 4, last=True))
    x.layer_norm(2).dense().softmax(2)
    for use in (
        lambda: x.pooled(1, kind="max"),
        lambda: x.pooled(1),
        lambda: x.permuted(0, 2, 1).group_norm(2),
        lambda: x.shifted(made.weight(1, 4, 8)),
    ):
        with pytest.raises(Unreadable, match="not the batch"):
            use()


def test_repeated_positions(made):
    """Resizing by repetition is no op of the layouts, but never loses its positions."""
    x, y = made.input(3, 2, 2), made.input(3, 4, 4)
    thin = x.reshaped(2, 3, 2, 1, 2, 1)
    wide = expanded(thin.value, (2, 3, 2, 2, 2, 2))
    wide = thin.of(wide, np.broadcast_to(thin.array, wide.shape))
    large = wide.reshaped(2, 3, 4, 4)
    for each in ((large, y), (y, large), (large, large)):
        with pytest.raises(Unreadable):
            made.joined("add", *each)
    with pytest.raises(Unreadable, match="repeated as"):
        expanded(x.value, (2, 6, 2, 2))


def test_tokens_that_differ_between_images(made):
    x = made.input(8, 3, 3).reshaped(2, 8, 9).permuted(0, 2, 1)
    token = made.weight(1, 1, 8)
    same = Constant(token.name, np.broadcast_to(token.array, (2, 1, 8)))
    found = made.builder.concat([same, x.value], 1)
    x.of(found, np.concatenate([same.array, x.array], 1))
    with pytest.raises(Unreadable, match="from image to image"):
        made.builder.concat([made.weight(2, 1, 8), x.value], 1)


def test_an_output_without_channels(made):
    x = made.input(1, 1, 1)
    for shape in ((2,), ()):
        value = x.value._replace(dims=x.value.dims[: len(shape)])
        assert made.builder.output(value).op is None
    assert len(made.builder.gaps) == 2


# -- everything at random ------------------------------------------------------


def divided(random, shape):
    """Another shape with as many numbers, whose first length stays mostly."""
    shape = list(shape)
    if random.random() < 0.5 and len(shape) > 2:
        at = random.randrange(random.random() < 0.8, len(shape) - 1)
        return [*shape[:at], shape[at] * shape[at + 1], *shape[at + 2 :]]
    at = random.randrange(len(shape))
    part = random.choice([n for n in range(1, 9) if shape[at] % n == 0])
    return [*shape[:at], part, shape[at] // part, *shape[at + 1 :]]


def drawn(random, made, twin, other):
    """Operations with arguments that are drawn, by their names."""
    shape, rank = twin.array.shape, twin.array.ndim
    axis = random.randrange(1, rank)
    length, kinds = shape[axis], ("add", "subtract", "multiply")
    start = random.randrange(length)
    stop, index = random.randint(start + 1, length), random.randrange(length)
    axes = random.sample(range(1, rank), random.randint(1, min(2, rank - 1)))
    keep, kind = random.random() < 0.5, random.choice(("avg", "max"))
    order = random.sample(range(1, rank), rank - 1)
    vector = made.weight(length, *[1] * (rank - axis - 1))
    other_shape, embedding = divided(random, shape), made.weight(1, *shape[1:])
    return {
        "permuted": lambda: twin.permuted(0, *order),
        "reshaped": lambda: twin.reshaped(*other_shape),
        "rolled": lambda: twin.rolled(1, random.choice([(1, 2), (2, 3)])),
        "scaled": lambda: twin.scaled(random.choice((0.5, 2))),
        "added": lambda: twin.added(random.choice((-1, 0.5))),
        "vector": lambda: twin.scaled(vector),
        "shifted": lambda: twin.shifted(embedding),
        "sliced": lambda: twin.sliced(axis, start, stop),
        "taken": lambda: twin.taken(axis, index),
        "dense": lambda: twin.dense(random.choice((4, 8))),
        "pooled": lambda: twin.pooled(*axes, keep=keep, kind=kind),
        "softmax": lambda: twin.softmax(axis),
        "relu": twin.relu,
        "layer_norm": lambda: twin.layer_norm(axis),
        "group_norm": lambda: twin.group_norm(2),
        "joined": lambda: made.joined(random.choice(kinds), twin, other),
        "concat": lambda: made.concat(twin, other, axis=axis),
    }


def test_whatever_is_built_computes_the_same():
    random = Random(0)
    done = 0
    for seed in range(150):
        made = Made(seed)
        last = random.random() < 0.5
        twins = [made.input(4, 4, 4, last=last) for _ in range(2)]
        for _ in range(14):
            try:
                twin, other = random.choice(twins[-3:]), random.choice(twins)
                steps = drawn(random, made, twin, other)
                twins.append(random.choice([*steps.values()])())
                done += 1
            except (Unreadable, IndexError, ValueError):
                pass  # an argument that NumPy takes as little as the builder
    assert done > 800


# -- the judge -----------------------------------------------------------------


def branches(seed):
    """An input and two convolutions of it that are alike but for their weights."""
    builder = Builder(BATCH)
    x = builder.input("x", (3, 4, 4))
    random = np.random.default_rng(seed)
    weights = [Constant(f"w{n}", random.normal(size=(3, 3, 1, 1))) for n in (0, 1)]
    plain = {"stride": (1, 1), "padding": (0,) * 4, "dilation": (1, 1), "groups": 1}
    convs = [builder.conv(x, weight, None, **plain) for weight in weights]
    return builder, [
        builder.pointwise("activation", conv, kind="relu") for conv in convs
    ]


def graph(builder, *values):
    end = builder.concat(values, 1)
    return builder.graph({"": builder.output(end)})


@pytest.mark.parametrize(
    ("mine", "theirs", "equal"),
    [
        ("ab", "ba", True),
        ("aab", "aab", True),
        ("aab", "abb", False),
        ("aba", "aab", False),
    ],
)
def test_alike_branches_are_paired_consistently(mine, theirs, equal):
    """The order among alike ones is free, but it is the same wherever they are read."""
    found = []
    for order in (mine, theirs):
        builder, (a, b) = branches(0)
        found.append(graph(builder, *({"a": a, "b": b}[name] for name in order)))
    paired = pairs(*found)
    assert (paired is not None) == equal
    if paired:
        ones = [pair.one for pair in paired if pair.one.weights]
        assert len(ones) == len({pair.other for pair in paired if pair.one.weights})


def test_swapped_branches_are_refused():
    """A sum does not say which of its terms is which, but who reads them does."""
    found = []
    for order in (1, -1):
        builder, values = branches(0)
        total = builder.join("add", values[::order])
        found.append(graph(builder, total, *values))
    assert pairs(*found) is None
    assert pairs(found[0], found[0]) is not None


# -- attention's additions -----------------------------------------------------


def table_of(places, kind, heads=2):
    """A random table, and the bias (heads, queries, keys) that it stands for."""
    zeros = np.zeros(1)
    rows, columns = places.offsets(zeros, signed=kind == "signed")
    shape = heads, rows.max() + 1, columns.max() + 1
    table = np.random.default_rng(0).normal(size=shape)
    return table, table[:, rows, columns]


@pytest.mark.parametrize("kind", ["absolute", "signed"])
def test_a_bias_by_offset(kind):
    places = Places((3, 4))
    table, bias = table_of(places, kind)
    found, own = bias_table(bias, places)
    assert found == kind
    np.testing.assert_array_equal(own, table)


def test_a_bias_that_is_the_same_everywhere_is_signed():
    places = Places((3, 4))
    kind, table = bias_table(np.full((2, 12, 12), 0.5), places)
    assert (kind, table.shape) == ("signed", (2, 5, 7))
    assert (table == 0.5).all()


def test_a_bias_that_is_not_by_offset_is_refused():
    _, bias = table_of(Places((3, 4)), "signed")
    bias[0, 0, 5] += 1e-6
    for wrong in (bias, np.random.default_rng(0).normal(size=(2, 12, 12)), bias[:, 1:]):
        with pytest.raises(Unreadable, match="not by the offset"):
            bias_table(wrong, Places((3, 4)))


def test_masks():
    shifted, plain = Places.windows((4, 4), 2, 1), Places.windows((4, 4), 2, 0)
    right = np.where(np.isfinite(shifted.mask(np.zeros(1))), 0.0, -100.0)
    check_mask(right, shifted)
    check_mask(None, plain)
    check_mask(np.zeros((1, 4, 4)), plain)
    small, other = np.where(right, -1, right), np.roll(right, 1, 0)
    added = np.where(right, right, 0.5)
    cases = [(None, shifted), (right, plain), (right[:1], shifted)]
    cases += [(each, shifted) for each in (small, other, added, np.zeros((4, 4, 4)))]
    cases += [(np.full((1, 4, 4), 0.5), plain)]
    for mask, places in cases:
        with pytest.raises(Unreadable):
            check_mask(mask, places)


@pytest.fixture
def scores(made):
    """Of four windows and four heads: which is which, only the axis says."""
    x = windows(made.input(8, 4, 4, last=True))
    q, k = (heads(x.dense(8), 4) for _ in range(2))
    return Scores(q.value, k.value)


def test_what_is_added_to_scores(made, scores):
    bias = made.weight(4, 4, 4)
    assert scores.plus(bias).bias.shape == (4, 4, 4)
    viewed = scores.viewed((-1, 4, 4, 4, 4))
    assert viewed.shape == (2, 4, 4, 4, 4)
    both = viewed.plus(made.weight(4, 1, 4, 4)).plus(bias)
    assert both.bias is not None
    assert both.mask.shape == (4, 4, 4)
    assert viewed.plus(Constant("none", np.zeros((4, 4)))) == viewed
    for use in (
        lambda: scores.plus(bias).plus(bias),
        lambda: both.plus(made.weight(4, 1, 4, 4)),
        lambda: scores.plus(bias).times(0.5),
        lambda: scores.normalised(3).times(0.5),
        lambda: scores.normalised(3).plus(bias),
        lambda: viewed.normalised(3),
        lambda: viewed.plus(made.weight(4, 4, 4, 4)),
        lambda: scores.viewed((4, 4, 4, 8)),
        lambda: scores.viewed((4, 4, -1, 4, 4, 1)),
        lambda: scores.viewed((4, 2, 4, 4, 4)).plus(made.weight(4, 1, 1, 4, 4)),
    ):
        with pytest.raises(Unreadable):
            use()


# -- names ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "said",
    [
        "keras:MobileNetV2(1)",
        "keras:",
        "os;x:f",
        "os:system('x')",
        "os",
        ":f",
    ],
)
def test_a_name_that_is_no_name_is_refused(said):
    with pytest.raises(InvalidArgument, match="unknown model"):
        Model.of(said)


def test_the_name_of_a_model_is_quoted():
    text = Model.of("timm:x'); import os; ('").source()
    assert "timm.create_model(\"x'); import os; ('\", **{})" in text
