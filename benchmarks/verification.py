"""How long `archspec verify` takes in all targets, beside its slowest target alone.

Prints the ratio of wall times: python benchmarks/verification.py [SPEC]
"""

import subprocess
import sys
import time

TARGETS = ["torch", "keras", "onnx"]
RUNS = 3


def seconds(spec: str, targets: str) -> float:
    command = [sys.executable, "-m", "archspec", "verify", spec, "--targets", targets]
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def main(spec: str) -> None:
    commands = [*TARGETS, ",".join(TARGETS)]
    seconds(spec, commands[-1])  # the caches of the disk
    runs = [[seconds(spec, targets) for targets in commands] for _ in range(RUNS)]
    *alone, whole = map(min, zip(*runs, strict=True))
    for target, taken in zip(TARGETS, alone, strict=True):
        print(f"{target:<6} alone  {taken:5.1f} s")
    print(f"side by side  {whole:5.1f} s")
    print(f"ratio to the slowest alone  {whole / max(alone):.2f}")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "mobilenetv2")
