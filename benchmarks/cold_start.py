"""How long `archspec flops` takes as a whole process, beside its imports alone.

Prints the ratio to `python -c "import pydantic, yaml, typer"`, the peer that is
measured in turn with it: python benchmarks/cold_start.py [RUNS]
"""

import resource
import statistics
import subprocess
import sys
from pathlib import Path

SPEC = Path(__file__).resolve().parent.parent / "specs" / "mobilenetv2.yaml"
PEER = [sys.executable, "-c", "import pydantic, yaml, typer"]
OURS = [str(Path(sys.executable).parent / "archspec"), "flops", str(SPEC)]


def seconds(command: list[str]) -> float:
    """Processor time of one process: wall time, where nothing else is running."""
    start = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    end = resource.getrusage(resource.RUSAGE_CHILDREN)
    return end.ru_utime - start.ru_utime + end.ru_stime - start.ru_stime


def main(runs: int) -> None:
    seconds(OURS), seconds(PEER)
    pairs = [(seconds(OURS), seconds(PEER)) for _ in range(runs)]
    ours, peer = (statistics.median(times) for times in zip(*pairs, strict=True))
    best = min(o for o, _ in pairs) / min(p for _, p in pairs)
    print(f"archspec flops  {ours * 1000:.0f} ms (median of {runs})")
    print(f"imports alone   {peer * 1000:.0f} ms")
    print(f"ratio           {ours / peer:.2f} (of the best runs {best:.2f})")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20)
