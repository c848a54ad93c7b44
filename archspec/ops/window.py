"""Window and padding arithmetic of convolutions and pooling.

Sizes and pairs are [height, width]; see Dumoulin and Visin 2016, "A guide to
convolution arithmetic for deep learning".
"""

from typing import NamedTuple

from archspec.errors import ShapeError
from archspec.ops.base import Op
from archspec.ops.fields import Amounts, Padding, Pair

_LINES = "rows", "columns"


class Window(NamedTuple):
    """The window of a convolution, pool or transposed convolution."""

    kernel: Pair
    stride: Pair
    padding: Padding
    dilation: Pair = (1, 1)
    ceil: bool = False

    @property
    def is_half(self) -> bool:
        """`same` at stride 1 with an odd kernel is symmetric."""
        odd = all(size % 2 for size in self.kernel)
        return self.padding in ("same", "symmetric") and odd and self.stride == (1, 1)

    @property
    def extent(self) -> Pair:
        """Size of the window including dilation."""
        (height, width), (down, across) = self.kernel, self.dilation
        return (height - 1) * down + 1, (width - 1) * across + 1

    def amounts(self, size: Pair) -> Amounts:
        """The padding in pixels for a feature map of this size."""
        if isinstance(self.padding, tuple):
            return self.padding
        if self.padding == "valid":
            return 0, 0, 0, 0
        if self.padding == "symmetric":
            vertical = self.dilation[0] * (self.kernel[0] // 2)
            horizontal = self.dilation[1] * (self.kernel[1] // 2)
            return vertical, vertical, horizontal, horizontal
        (height, width), extent, stride = size, self.extent, self.stride
        return (
            *_same(height, extent[0], stride[0]),
            *_same(width, extent[1], stride[1]),
        )

    def fixed_amounts(self) -> Amounts | None:
        """The padding in pixels, if it does not depend on the input size."""
        odd = all(length % 2 for length in self.extent)
        single = self.kernel == (1, 1) or (odd and self.stride == (1, 1))
        if self.padding == "same" and not single:
            return None
        return self.amounts(self.kernel)

    def ways(self) -> frozenset[str | Amounts]:
        """Every form of this padding that is correct for all input sizes.

        The amounts themselves, if they do not depend on the size; `none`; `half` of
        the kernel; `dilated`, the dilation times half of a square kernel; `same`.
        """
        fixed = self.fixed_amounts()
        if fixed is None:
            return frozenset({"same"})
        symmetric = self._replace(padding="symmetric").amounts(self.kernel)
        square = len({*self.kernel}) == len({*self.dilation}) == 1
        words = {
            "none": not any(fixed),
            "half": fixed == symmetric and self.dilation == (1, 1),
            "dilated": fixed == symmetric and square,
            "same": fixed == self._replace(padding="same").fixed_amounts(),
        }
        return frozenset({fixed, *(word for word, fits in words.items() if fits)})

    def slide(self, size: Pair) -> Pair:
        """Output positions for a feature map of this size.

        With `ceil`, PyTorch's rule for pools: a last window may stick out of the
        padded map, unless it starts beyond the input and the padding before it.

        Raises:
            ShapeError: there is no position.
        """
        padding = self.amounts(size)
        rows = self._positions(0, size[0], *padding[:2])
        columns = self._positions(1, size[1], *padding[2:])
        if rows < 1 or columns < 1:
            dilated = self.extent != self.kernel
            axis = 0 if rows < 1 else 1
            raise ShapeError(
                f"a {_by(self.kernel)} window "
                + (f"({_by(self.extent)} with its dilation) " if dilated else "")
                + f"does not fit the {_by(size)} feature map: "
                + self._formula(axis, size[axis], *padding[2 * axis : 2 * axis + 2]),
                "use a smaller kernel, more padding or smaller strides before it",
            )
        return rows, columns

    def stamp(self, size: Pair) -> Pair:
        """Output size of a transposed convolution, without dilation.

        Every cell becomes a window, and what the convolution in the other direction
        would have padded is cut off: see `crop`.

        Raises:
            ShapeError: nothing is left.
        """
        whole = (
            (size[0] - 1) * self.stride[0] + self.kernel[0],
            (size[1] - 1) * self.stride[1] + self.kernel[1],
        )
        padding = top, bottom, left, right = self.crop
        height, width = whole[0] - top - bottom, whole[1] - left - right
        if height < 1 or width < 1:
            axis = 0 if height < 1 else 1
            before, after = padding[2 * axis : 2 * axis + 2]
            stamped = f"({size[axis]} - 1) * {self.stride[axis]} + {self.kernel[axis]}"
            raise ShapeError(
                f"the padding crops all of the {_by(whole)} output: {stamped} "
                f"- {before} - {after} = {(height, width)[axis]} {_LINES[axis]}",
                "a transposed convolution crops by its padding: use less, or 'valid'",
            )
        return height, width

    @property
    def crop(self) -> Amounts:
        """Cropping of a transposed convolution; negative values append zeros.

        With `same` the rest has size x stride, as TensorFlow has it.
        """
        if self.padding != "same":
            return self.amounts(self.kernel)
        sizes = zip(self.kernel, self.stride, strict=True)
        down, across = (kernel - stride for kernel, stride in sizes)
        top, left = max(0, down) // 2, max(0, across) // 2
        return top, down - top, left, across - left

    def overhang(self, size: Pair) -> Amounts:
        """Pixels by which the last windows exceed the padded input, due to `ceil`."""
        positions, padding = self.slide(size), self.amounts(size)
        down, across = (
            (positions[axis] - 1) * self.stride[axis]
            + self.extent[axis]
            - (size[axis] + sum(padding[2 * axis : 2 * axis + 2]))
            for axis in (0, 1)
        )
        return 0, max(0, down), 0, max(0, across)

    def reach(self, size: Pair) -> Amounts:
        """The padding and the overhang together."""
        both = zip(self.amounts(size), self.overhang(size), strict=True)
        top, bottom, left, right = (inside + beyond for inside, beyond in both)
        return top, bottom, left, right

    def _formula(self, axis: int, size: int, before: int, after: int) -> str:
        """Number of positions, and its computation as text."""
        stride, found = self.stride[axis], self._positions(axis, size, before, after)
        up = f" + {stride - 1}" if self.ceil else ""
        return (
            f"({size} + {before} + {after} - {self.extent[axis]}{up}) // {stride} + 1 "
            f"= {found} {_LINES[axis]}"
        )

    def _positions(self, axis: int, size: int, before: int, after: int) -> int:
        stride = self.stride[axis]
        room = size + before + after - self.extent[axis]
        if not self.ceil:
            return room // stride + 1
        positions = (room + stride - 1) // stride + 1
        starts_outside = (positions - 1) * stride >= size + before
        return positions - starts_outside


class Windowed(Op):
    """An op with the attributes of a window."""

    kinds = ("feature map",)

    @property
    def window(self) -> Window:
        """The op's window."""
        return Window(**{name: v for name, v in self if name in Window._fields})


def _same(size: int, extent: int, stride: int) -> Pair:
    """SAME as in TensorFlow: ceil(size / stride) positions, odd pixel at the end."""
    positions = -(-size // stride)
    total = max(0, (positions - 1) * stride + extent - size)
    return total // 2, total - total // 2


def _by(size: Pair) -> str:
    return f"{size[0]}x{size[1]}"
