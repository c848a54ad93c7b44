"""What a hostile document costs before it is refused, beyond what `--help` costs.

Runs `archspec flops` on each document of tests/safety/hostile (or on those that are
named), and `archspec --help` in turn with it. Prints the slowest and the largest, and
how many go beyond 50 ms or 50 MB: python benchmarks/hostile.py [RUNS] [FILE...]
"""

import sys
from collections.abc import Callable
from pathlib import Path

from measuring import Cost, cost, medians

HOSTILE = Path(__file__).resolve().parent.parent / "tests" / "safety" / "hostile"
ARCHSPEC = [sys.executable, "-m", "archspec"]
MILLISECONDS, MEGABYTES = 50, 50
SHOWN = 10


def beyond_help(document: Path, runs: int) -> Cost:
    """The medians of the differences of pairs."""
    flops, help = [*ARCHSPEC, "flops", str(document)], [*ARCHSPEC, "--help"]
    return medians([cost(flops).beyond(cost(help)) for _ in range(runs)])


def main(runs: int, documents: list[Path]) -> None:
    cost([*ARCHSPEC, "--help"])
    costs = {path.stem: beyond_help(path, runs) for path in documents}
    show("slowest", costs, lambda found: found.processor)
    show("largest", costs, lambda found: found.memory)
    slow = sum(found.processor > MILLISECONDS for found in costs.values())
    large = sum(found.memory > MEGABYTES for found in costs.values())
    print(f"\n{len(costs)} documents, medians of {runs} runs beyond archspec --help")
    print(f"beyond {MILLISECONDS} ms of processor time: {slow}")
    print(f"beyond {MEGABYTES} MB: {large}")


def show(title: str, costs: dict[str, Cost], by: Callable[[Cost], float]) -> None:
    """The documents that cost most, in a table."""
    print(f"\n{title:<32} wall ms  processor ms     MB")
    worst = sorted(costs.items(), key=lambda item: by(item[1]), reverse=True)
    for name, (wall, processor, memory) in worst[:SHOWN]:
        print(f"{name:<32} {wall:7.0f} {processor:13.0f} {memory:6.0f}")


if __name__ == "__main__":
    named = [Path(name) for name in sys.argv[2:]]
    main(
        int(sys.argv[1]) if len(sys.argv) > 1 else 5,
        named or sorted(HOSTILE.glob("*.yaml")),
    )
