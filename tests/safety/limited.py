"""Run a command within limits, without rights that only root has.

    python limited.py '{"RLIMIT_CPU": 5}' COMMAND...

A process of its own sets them, and then becomes the command.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import sys
from collections.abc import Mapping

_DROP_FROM_BOUNDING_SET = 24
_DAC_OVERRIDE, _DAC_READ_SEARCH = 1, 2
"""Root's rights to write and to read where permissions say no."""


def limited(command: list[str], **limits: int) -> list[str]:
    """The command line that runs `command` within limits of the module `resource`."""
    return [sys.executable, "-S", __file__, json.dumps(limits), *command]


def become(limits: Mapping[str, int], command: list[str]) -> None:
    for name, limit in limits.items():
        resource.setrlimit(getattr(resource, name), (limit, limit))
    if os.geteuid() == 0:
        for right in (_DAC_OVERRIDE, _DAC_READ_SEARCH):
            ctypes.CDLL(None).prctl(_DROP_FROM_BOUNDING_SET, right, 0, 0, 0)
    os.execv(command[0], command)


if __name__ == "__main__":
    become(json.loads(sys.argv[1]), sys.argv[2:])
