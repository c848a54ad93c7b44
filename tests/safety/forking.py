"""A process that has loaded archspec, and becomes a command in a child of its own.

Reads orders from stdin, one JSON object a line: `arguments`, `folder`, and `limits` of
the module `resource`. Answers with the exit code, stdout and stderr. So hundreds of
commands cost no more than what each of them does.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from typing import Any

Done = subprocess.CompletedProcess[str]


class Server:
    """The process, seen from outside."""

    def __init__(self):
        self.process = subprocess.Popen(
            [sys.executable, __file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(
        self, arguments: Sequence[str], folder: str, limits: Mapping[str, int]
    ) -> Done:
        """`archspec ARGUMENT...` in a folder."""
        order = {"arguments": arguments, "folder": folder, "limits": limits}
        print(json.dumps(order), file=self.process.stdin, flush=True)
        return Done(arguments, *json.loads(self.process.stdout.readline()))

    def close(self) -> None:
        self.process.communicate()


def serve() -> None:
    from archspec.cli import main
    from archspec.cli.commands import program
    from archspec.elaboration import elaborate
    from archspec.targets import render

    program([])
    render(elaborate("mobilenetv1"), "torch")
    for line in sys.stdin:
        order = json.loads(line)
        with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
            child = os.fork()
            if child == 0:
                prepare(order, output.fileno(), errors.fileno())
                main()
            _, status = os.waitpid(child, 0)
            told = [text(stream) for stream in (output, errors)]
        print(json.dumps([os.waitstatus_to_exitcode(status), *told]), flush=True)


def prepare(order: Mapping[str, Any], output: int, errors: int) -> None:
    null = os.open(os.devnull, os.O_RDONLY)
    for number, descriptor in enumerate((null, output, errors)):
        os.dup2(descriptor, number)
    os.chdir(order["folder"])
    for name, limit in order["limits"].items():
        resource.setrlimit(getattr(resource, name), (limit, limit))
    sys.argv = ["archspec", *order["arguments"]]


def text(stream: Any) -> str:
    stream.seek(0)
    return stream.read().decode()


if __name__ == "__main__":
    serve()
