"""The processor time of one of many variants of MobileNetV2, in one process.

Three ways to count a grid of widths, image sizes and depths, and a fourth to count its
widths: `archspec sweep`, with all that it has to learn; the same grid again; each
variant elaborated from the start; and PyTorch's meta device with FlopCounterMode. They
take turns, so that all meet the same machine. python benchmarks/sweep.py [SIZES]
"""

import random
import statistics
import sys
import time
from collections.abc import Callable

import archspec
from archspec.exploring.evaluator import Evaluator
from archspec.exploring.grid import Grid
from archspec.reading import read_source

WIDTHS = "0.25:1.5:0.05"
SEED = 1


def milliseconds(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return (time.process_time() - start) * 1000


def on_meta(width: float) -> float:
    """Build the generated class without memory, and count one image."""
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    network = archspec.load("mobilenetv2").keep("width")
    network.build("torch")  # render and import the module outside the measurement

    def count() -> None:
        with torch.device("meta"), FlopCounterMode(display=False) as counter:
            network.build("torch", width=width).eval()(torch.empty(1, 3, 224, 224))
        assert counter.get_total_flops()

    return milliseconds(count)


def main(sizes: int) -> None:
    grid = Grid.of(
        [
            f"multipliers.width={WIDTHS}",
            f"input.size=96:{96 + 16 * (sizes - 1)}:16",
            "layers.stages.rows[2].n=1:4",
            "layers.stages.rows[3].n=1:4",
            "layers.stages.rows[4].n=1:4",
        ]
    )
    points = [dict(zip(grid.paths, point, strict=True)) for point in grid.points()]
    some = set(random.Random(SEED).sample(range(len(points)), 40))
    evaluator = Evaluator(read_source("mobilenetv2"))
    first, fresh = list[float](), list[float]()
    for number, point in enumerate(points):
        first.append(milliseconds(lambda point=point: evaluator(point)))
        if number in some:
            fresh.append(milliseconds(lambda point=point: evaluator.elaborated(point)))
    again = [milliseconds(lambda point=point: evaluator(point)) for point in points]
    slow = statistics.median(fresh)
    print(f"{len(points):,} variants, milliseconds of processor time for each")
    report("elaborated from the start, median", slow, slow)
    report("sweep, mean", statistics.mean(first), slow)
    report("sweep, median", statistics.median(first), slow)
    report("sweep of points that it knows, median", statistics.median(again), slow)
    try:
        meta = [on_meta(width / 4) for width in range(1, 7)]
    except ImportError:
        return
    report("torch's meta device, median", statistics.median(meta), slow)


def report(what: str, found: float, slow: float) -> None:
    print(f"{what:40} {found:8.3f}   1/{slow / found:.2f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10)
