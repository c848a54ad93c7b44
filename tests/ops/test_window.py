"""Window arithmetic against definitions by brute force."""

from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archspec.errors import ShapeError
from archspec.ops.window import Window

sizes = st.integers(1, 40)
kernels = st.integers(1, 9)
small = st.integers(1, 5)
amounts = st.integers(0, 4)


def fits(size: int, extent: int, stride: int) -> int:
    """How often a window fits, by trying."""
    return len(range(0, size - extent + 1, stride))


@given(sizes, kernels, small, small)
def test_same_is_the_least_padding_for_ceil_positions(
    size: int, kernel: int, stride: int, dilation: int
):
    window = Window((kernel, 1), (stride, 1), "same", (dilation, 1))
    top, bottom, left, right = window.amounts((size, 7))
    extent = (kernel - 1) * dilation + 1
    wanted = len(range(0, size, stride))
    least = next(pad for pad in count() if fits(size + pad, extent, stride) >= wanted)
    assert (top, bottom) == (least // 2, least - least // 2)
    assert (left, right) == (0, 0)
    assert window.slide((size, 7)) == (wanted, 7)


@given(sizes, kernels, small)
def test_same_is_what_tensorflow_documents(size: int, kernel: int, stride: int):
    window = Window((1, kernel), (1, stride), "same")
    total = max(kernel - (size % stride or stride), 0)
    assert window.amounts((7, size)) == (0, 0, total // 2, total - total // 2)


@given(sizes, kernels, small, small, st.tuples(amounts, amounts))
def test_positions_by_trying(
    size: int, kernel: int, stride: int, dilation: int, padding: tuple[int, int]
):
    window = Window((kernel, 1), (stride, 1), (*padding, 0, 0), (dilation, 1))
    extent = (kernel - 1) * dilation + 1
    wanted = fits(size + sum(padding), extent, stride)
    if wanted:
        assert window.slide((size, 1)) == (wanted, 1)
        return
    with pytest.raises(ShapeError):
        window.slide((size, 1))


@given(sizes, kernels, small)
def test_same_undoes_transposed_same(size: int, kernel: int, stride: int):
    window = Window((kernel, kernel), (stride, stride), "same")
    larger = window.stamp((size, size))
    assert larger == (size * stride, size * stride)
    assert window.slide(larger) == (size, size)


@pytest.mark.parametrize(
    ("size", "padding"), [(224, (0, 1)), (112, (0, 1)), (97, (1, 1)), (7, (1, 1))]
)
def test_same_at_stride_2_depends_on_the_size(size: int, padding: tuple[int, int]):
    window = Window((3, 3), (2, 2), "same")
    assert window.amounts((size, size)) == (*padding, *padding)


@pytest.mark.parametrize(
    ("window", "padding"),
    [
        (Window((7, 7), (2, 2), "symmetric"), (3, 3, 3, 3)),
        (Window((3, 5), (1, 1), "symmetric", (3, 1)), (3, 3, 2, 2)),
        (Window((4, 1), (1, 1), "symmetric"), (2, 2, 0, 0)),
        (Window((3, 3), (2, 2), "valid"), (0, 0, 0, 0)),
        (Window((3, 3), (2, 2), (1, 2, 3, 4)), (1, 2, 3, 4)),
    ],
)
def test_amounts(window: Window, padding: tuple[int, ...]):
    assert window.amounts((224, 200)) == padding


@pytest.mark.parametrize(
    ("window", "size", "message"),
    [
        (
            Window((7, 7), (1, 1), "valid"),
            (2, 2),
            "a 7x7 window does not fit the 2x2 feature map: "
            "(2 + 0 + 0 - 7) // 1 + 1 = -4 rows",
        ),
        (
            Window((1, 5), (1, 2), (0, 0, 0, 1), ceil=True),
            (5, 1),
            "a 1x5 window does not fit the 5x1 feature map: "
            "(1 + 0 + 1 - 5 + 1) // 2 + 1 = 0 columns",
        ),
        (
            Window((3, 3), (1, 1), (1, 0, 0, 0), (4, 1)),
            (7, 2),
            "a 3x3 window (9x3 with its dilation) does not fit the 7x2 feature map: "
            "(7 + 1 + 0 - 9) // 1 + 1 = 0 rows",
        ),
    ],
)
def test_a_window_that_does_not_fit(
    window: Window, size: tuple[int, int], message: str
):
    with pytest.raises(ShapeError) as caught:
        window.slide(size)
    assert str(caught.value) == message


def test_a_crop_that_leaves_nothing():
    with pytest.raises(ShapeError) as caught:
        Window((2, 2), (2, 2), "symmetric").stamp((1, 5))
    assert str(caught.value) == (
        "the padding crops all of the 2x10 output: (1 - 1) * 2 + 2 - 1 - 1 = 0 rows"
    )


@given(sizes, kernels, small, amounts, amounts)
def test_the_overhang_completes_the_last_window(
    size: int, kernel: int, stride: int, before: int, after: int
):
    half = kernel // 2
    padding = min(before, half), min(after, half), 0, 0
    window = Window((kernel, 1), (stride, 1), padding, ceil=True)
    if size + sum(padding) < kernel:
        return
    top, bottom, left, right = window.reach((size, 7))
    assert (top, left, right) == (padding[0], 0, 0)
    assert bottom - padding[1] == window.overhang((size, 7))[1] < stride
    positions = window.slide((size, 7))[0]
    assert fits(top + size + bottom, kernel, stride) == positions
    if bottom > padding[1]:
        assert fits(top + size + bottom - 1, kernel, stride) == positions - 1


@given(sizes, kernels, small, st.sampled_from(["same", "symmetric", "valid"]))
def test_the_crop_leaves_what_is_stamped(
    size: int, kernel: int, stride: int, padding: str
):
    window = Window((kernel, 1), (stride, 1), padding)  # pyright: ignore
    top, bottom, left, right = window.crop
    rest = (size - 1) * stride + kernel - top - bottom
    assert (left, right) == (0, 0)
    assert 0 <= top <= max(bottom, 0) <= top + 1
    if padding == "same":
        assert rest == size * stride
    if rest > 0:
        assert window.stamp((size, 7)) == (rest, 7)
