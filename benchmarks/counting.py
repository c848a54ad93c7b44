"""What it takes to count MobileNetV2: a process, and one more variant in a process.

Each tool counts the generated PyTorch module, `keras` the generated Keras model (its
`summary` counts parameters alone). Processes take turns, each with one thread:
python benchmarks/counting.py [RUNS]
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
from pathlib import Path

from measuring import Cost, cost, machine, markdown

ROOT = Path(__file__).resolve().parent.parent
RUNS = 5
VARIANTS = 5
"""Of those that are counted in one process; the first loads the tool."""

IMPORTS = "import pydantic, yaml, typer"
ARCHSPEC = [sys.executable, "-m", "archspec", "flops", "mobilenetv2"]

TORCH = """
import io, time, warnings
from contextlib import redirect_stdout
import torch
warnings.simplefilter("ignore")
from mobilenetv2_family import MobileNetV2
images = torch.zeros(1, 3, 224, 224)
def variant(width):
    return MobileNetV2(width=width).eval()
"""
KERAS = """
import time
from mobilenetv2_family import MobileNetV2
def count(width):
    MobileNetV2(width=width).summary(print_fn=lambda text: None)
"""
OPERATORS = """
try:
    import torchvision
except RuntimeError:  # its compiled operators do not fit this torch
    torch.library.define("torchvision::nms", "(Tensor d, Tensor s, float t) -> Tensor")
    torch.library.define("torchvision::qnms", "(Tensor d, Tensor s, float t) -> Tensor")
"""
COUNTS = {
    "torch": """
from torch.utils.flop_counter import FlopCounterMode
def count(width):
    with FlopCounterMode(display=False) as counter:
        variant(width)(images)
    assert counter.get_total_flops()
""",
    "torchinfo": """
import torchinfo
def count(width):
    torchinfo.summary(variant(width), input_data=[images], verbose=0)
""",
    "fvcore": """
from fvcore.nn import FlopCountAnalysis
def count(width):
    analysis = FlopCountAnalysis(variant(width), images)
    analysis.unsupported_ops_warnings(False).uncalled_modules_warnings(False).total()
""",
    "ptflops": OPERATORS
    + """
import ptflops
def count(width):
    size = (3, 224, 224)
    with redirect_stdout(io.StringIO()):
        ptflops.get_model_complexity_info(
            variant(width), size, print_per_layer_stat=False, as_strings=False
        )
""",
    "thop": """
import thop
def count(width):
    thop.profile(variant(width), (images,), verbose=False)
""",
}
SWEPT = """
import time
from archspec.exploring.evaluator import Evaluator
from archspec.reading import read_source
evaluator = Evaluator(read_source("mobilenetv2"))
def count(width):
    assert evaluator({"multipliers.width": str(width)}).figures
"""
TIMED = """
def seconds(width):
    start = time.process_time()
    count(width)
    return time.process_time() - start
count(1.0)
print([seconds(0.5 + number / 20) for number in range(%d)])
"""


def environment(target: str) -> dict[str, str]:
    folders = str(ROOT / "generated" / target), str(ROOT)
    return {
        **os.environ,
        "CUDA_VISIBLE_DEVICES": "-1",
        "KERAS_BACKEND": "tensorflow",
        "OMP_NUM_THREADS": "1",
        "PYTHONPATH": os.pathsep.join(folders),
        "PYTHONDONTWRITEBYTECODE": "",
        "TF_NUM_INTEROP_THREADS": "1",
        "TF_NUM_INTRAOP_THREADS": "1",
    }


def programs() -> dict[str, tuple[str, str]]:
    """What defines `count(width)`, with the target whose files it reads."""
    torch = {name: (TORCH + count, "torch") for name, count in COUNTS.items()}
    return {"archspec": (SWEPT, "torch"), **torch, "keras": (KERAS, "keras")}


def processes(runs: int) -> dict[str, list[Cost]]:
    """The costs of whole processes that count one network, by turns."""
    commands = {
        "imports": ([sys.executable, "-c", IMPORTS], environment("torch")),
        "archspec": (ARCHSPEC, environment("torch")),
    }
    for name, (program, target) in programs().items():
        command = [sys.executable, "-c", f"{program}\ncount(1.0)"]
        commands.setdefault(name, (command, environment(target)))
    for command, given in commands.values():  # the caches of the disk
        subprocess.run(command, env=given, check=True, capture_output=True)
    found: dict[str, list[Cost]] = {name: [] for name in commands}
    for _ in range(runs):
        for name, (command, given) in commands.items():
            found[name].append(cost(command, given))
    return found


def variants() -> dict[str, float]:
    """Milliseconds of processor time for another width in the same process."""
    found: dict[str, float] = {}
    for name, (program, target) in programs().items():
        command = [sys.executable, "-c", program + TIMED % VARIANTS]
        done = subprocess.run(
            command,
            env=environment(target),
            check=True,
            capture_output=True,
            text=True,
        )
        seconds = [float(word) for word in done.stdout.strip(" []\n").split(",")]
        found[name] = 1000 * statistics.median(seconds)
    return found


def report(costs: dict[str, list[Cost]], more: dict[str, float]) -> str:
    """A line for each tool; ratios are those to archspec in the same turn."""
    ours = costs["archspec"]
    rows: list[list[str]] = []
    for name, found in costs.items():
        pairs = zip(found, ours, strict=True)
        ratio = statistics.median(c.processor / o.processor for c, o in pairs)
        time, memory = (statistics.median(c[i] for c in found) for i in (1, 2))
        cells = f"{time:,.0f}", f"{ratio:.2f}", f"{memory:,.0f}"
        another = f"{more[name]:,.1f}" if name in more else ""
        rows.append([IMPORTS if name == "imports" else name, *cells, another])
    header = ["", "process, ms", "ratio", "memory, MB", "another width, ms"]
    return markdown(header, rows)


def tables(runs: int, picture: Path | None = None) -> str:
    """The table, and what else was running."""
    costs = processes(runs)
    if picture is not None:
        draw(costs, picture)
    said = f"Medians of {runs} processes, processor time, one thread; {machine()}."
    return f"{report(costs, variants())}\n\n{said}"


def draw(costs: dict[str, list[Cost]], file: Path) -> None:
    """Bars of time and memory; imports are no tool."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    names = [name for name in costs if name != "imports"][::-1]
    figure = Figure(figsize=(8, 2.4), dpi=72, layout="constrained")
    titles = {1: "processor time, s", 2: "memory, MB"}
    for axes, (part, title) in zip(
        figure.subplots(1, 2, sharey=True), titles.items(), strict=True
    ):
        divisor = 1000 if part == 1 else 1
        middle = [statistics.median(c[part] for c in costs[n]) / divisor for n in names]
        colours = ["C1" if name == "archspec" else "C0" for name in names]
        bars = axes.barh(names, middle, color=colours)
        axes.bar_label(bars, fmt="%.2g" if part == 1 else "%.0f", padding=3)
        axes.set_title(title, fontsize="medium")
        axes.spines[["top", "right", "bottom"]].set_visible(False)
        axes.set_xticks([])
        axes.margins(x=0.15)
    with mpl.rc_context({"svg.hashsalt": "counting", "svg.fonttype": "none"}):
        figure.savefig(file, metadata={"Date": None, "Creator": None})


if __name__ == "__main__":
    print(tables(int(sys.argv[1]) if len(sys.argv) > 1 else RUNS))
