"""The process of one framework: reads orders from stdin, one JSON object a line.

python -m archspec.runtime.child torch|keras|nnx|onnx|original; answers each order with
a line.
"""

from __future__ import annotations

import errno
import importlib.util
import json
import os
import sys
import traceback
from collections.abc import Mapping
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from types import ModuleType
from typing import Any, NoReturn, TextIO

import numpy as np

from archspec.runtime.lines import LayerFailed, failing_line
from archspec.runtime.order import (
    ArrayFile,
    Checkpointed,
    Order,
    array_file,
    inputs_of,
    write_arrays,
)
from archspec.runtime.timing import Stopwatch

DISK = (errno.EDQUOT, errno.EFBIG, errno.EIO, errno.ENOSPC, errno.EROFS)
"""What is no fault of a network: the process ends, and says so (AS603)."""


_stopwatches: dict[str, Stopwatch] = {}
"""Those of the files that are being timed."""


def main(framework: str) -> NoReturn:
    """Carry out orders until stdin ends."""
    # Frameworks print what they please: answers go where stdout was, prints to stderr.
    with os.fdopen(os.dup(1), "w") as answers:
        os.dup2(2, 1)
        orders = _orders()
        side = import_module(f"archspec.runtime.{framework}")
        _say(answers, {"ready": True})
        while True:
            _say(answers, _answer(side, Order(**json.loads(orders.get()))))


def _orders() -> SimpleQueue[str]:
    """The lines of stdin as they come; where it ends, the process does so at once.

    Then the parent is gone, and nobody waits for what is being computed.
    """
    orders: SimpleQueue[str] = SimpleQueue()

    def read() -> None:
        for line in sys.stdin:
            orders.put(line)
        os._exit(0)

    Thread(target=read, daemon=True).start()
    return orders


def _say(answers: TextIO, answer: Mapping[str, Any]) -> None:
    with suppress(BrokenPipeError):  # nobody waits any more
        print(json.dumps(answer), file=answers, flush=True)


def _answer(side: ModuleType, order: Order) -> Mapping[str, Any]:
    answer: dict[str, Any] = {}
    try:
        if order.module in _stopwatches:
            _measure(order, _stopwatches[order.module])
            return answer
        model: Checkpointed = side.build(_module(order), order)
        answer |= {"lines": model.lines, "shapes": model.shapes}
        _carry_out(order, model)
    except Exception as error:
        cause = error.__cause__ if isinstance(error, LayerFailed) else error
        if isinstance(cause, OSError) and cause.errno in DISK:
            raise cause from None
        answer["fault"] = f"{type(cause).__name__}: {cause}"
        answer["traceback"] = traceback.format_exc()
        if isinstance(error, LayerFailed) and cause is not None:
            line = failing_line(cause, order.module)
            known = answer.get("lines", {})
            answer["layer"] = error.layer
            answer["lines"] = known if line is None else {**known, error.layer: line}
    return answer


def _carry_out(order: Order, model: Checkpointed) -> None:
    if order.task == "build":
        return
    if order.task == "read":
        write_arrays(order.result, model.read(Path(order.checkpoint)))
        return
    if order.weights:
        model.load(ArrayFile(order.weights))
    if order.task == "save":
        model.save(Path(order.checkpoint))
        return
    if order.task == "export":
        images = inputs_of(ArrayFile(order.images))[0] if order.images else []
        model.export(images, Path(order.checkpoint))
        return
    images, given = inputs_of(ArrayFile(order.images))
    if order.task == "time":
        timed = model.timed(images, order)
        _stopwatches[order.module] = Stopwatch(timed, order.threads)
        return
    with array_file(order.result) as keep:
        if order.task == "train":
            cotangents = {n: a.astype(order.precision) for n, a in given.items()}
            model.train(images, cotangents, keep)
        else:
            model.run(images, order, keep)


def _measure(order: Order, stopwatch: Stopwatch) -> None:
    if not order.result:
        stopwatch.round()
        return
    with array_file(order.result) as keep:
        stopwatch.write(keep)


def _module(order: Order) -> ModuleType | None:
    """The generated file as a module; None for a file that is none."""
    if not order.module.endswith(".py"):
        return None
    spec = importlib.util.spec_from_file_location("generated", order.module)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["generated"] = module
    spec.loader.exec_module(module)
    return module


if __name__ == "__main__":
    np.seterr(all="ignore")  # an overflow is a number that is compared
    main(sys.argv[1])
