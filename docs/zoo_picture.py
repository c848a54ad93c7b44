"""Draw docs/pictures/zoo.svg: the MACs of networks against their parameters."""

from itertools import groupby, product

import matplotlib as mpl
import numpy as np
from cycler import cycler
from matplotlib.figure import Figure
from matplotlib.path import Path
from matplotlib.ticker import EngFormatter, LogLocator
from matplotlib.transforms import Bbox

STYLES = cycler(ls=["-", "--", ":", "-."]) * cycler(c=mpl.colormaps["Dark2"].colors)
DISTANCES = range(6, 60, 6)
"""Of a label from the end of its line, in points, which are pixels here."""
SIDES = [np.array([np.cos(turn), np.sin(turn)]) for turn in np.arange(8) * np.pi / 4]


def draw(zoo, file):
    """Draw each spec: a network, and those of its variants that are sizes of it."""
    figure = Figure(figsize=(9, 9), dpi=72, layout="constrained")
    axes = figure.subplots()
    axes.set(xlabel="trainable parameters", ylabel="MACs", xscale="log", yscale="log")
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axis.set_major_formatter(EngFormatter(sep=""))
    axes.grid(linewidth=0.2)
    axes.set_prop_cycle(STYLES)
    lines = {base.name: connect(axes, sizes(base, rest)) for base, *rest in zoo}
    figure.draw_without_rendering()  # from here on it is known where a point is
    figure.set_layout_engine("none")
    label(axes, lines)
    with mpl.rc_context({"svg.hashsalt": "zoo", "svg.fonttype": "none"}):
        figure.savefig(file, metadata={"Date": None, "Creator": None})


def sizes(base, variants):
    """Parameters and MACs of a network and of its sizes.

    A size has a number in its variant's name, or another name than the base.
    """
    named = [
        variant
        for variant in variants
        if variant.name != base.name or any(map(str.isdigit, variant.spec.variant))
    ]
    return {(network.trainable_parameters, network.macs) for network in (base, *named)}


def connect(axes, points):
    """Draw a line through points; below it, on lines down, those of smaller images."""
    columns = [list(c) for _, c in groupby(sorted(points), key=lambda point: point[0])]
    tops = [column[-1] for column in columns]
    (line,) = axes.plot(*zip(*tops, strict=True), marker="o", ms=4, lw=1.2)
    for column in columns:
        axes.plot(*zip(*column, strict=True), "o-", ms=2, lw=0.5, c=line.get_color())
    return line


def label(axes, lines):
    """Write each name near an end of its line, where it covers least."""
    paths = [axes.transData.transform_path(line.get_path()) for line in axes.lines]
    points = np.concatenate([path.vertices for path in paths])
    drawn = np.concatenate([path.interpolated(50).vertices for path in paths])
    taken = []

    def cost(place):
        box, leader, distance = place
        room, way = box.padded(3), leader.get_extents().padded(3)
        beyond = room.union([room, axes.bbox]).bounds != axes.bbox.bounds
        crossed = sum(leader.intersects_bbox(other, filled=False) for other in taken)
        hidden = box.count_overlaps(taken) + crossed + beyond
        touched = room.count_contains(points) + way.count_contains(points)
        return 100 * hidden + 10 * touched + 2 * box.count_contains(drawn) + distance

    for name, line in lines.items():
        style = {"color": line.get_color(), "size": 8, "ha": "center", "va": "center"}
        ends = axes.transData.transform(line.get_xydata()[[-1, 0]])
        box, leader, _ = min(places(ends, size_of(axes, name, style)), key=cost)
        taken.append(box)
        arrow = {"arrowstyle": "-", "lw": 0.5, "color": line.get_color()}
        units = "figure points"
        axes.annotate(name, *leader.vertices, units, units, arrow, **style)


def places(ends, size):
    """Boxes around ends; with each the way from the end to it, and how far it is."""
    for distance, end, side in product(DISTANCES, ends, SIDES):
        middle = end + side * (distance + size / 2)
        box = Bbox([middle - size / 2, middle + size / 2])
        yield box, Path([end, middle]), distance


def size_of(axes, text, style):
    """The width and height of a text."""
    drawn = axes.text(0, 0, text, style)
    size = np.array(drawn.get_window_extent().size)
    drawn.remove()
    return size
