"""A model as its framework wrote it, and the Python that runs it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import numpy as np

from archspec.errors import ImportFailed
from archspec.frameworks import FRAMEWORKS
from archspec.importing import models
from archspec.importing.checkpoint import Arrays, classes_of
from archspec.importing.draft import identifier
from archspec.importing.models import Model
from archspec.importing.outputs import Run, runner
from archspec.importing.readers import READERS, Program, Reader
from archspec.runtime.order import Order, as_inputs, write_arrays
from archspec.runtime.session import ORIGINAL, Session, installed


class Export(NamedTuple):
    """What a file was read as, and a module whose `Original` makes the same model.

    A model of Keras is made of the file, with the weights of another one.
    """

    program: Program
    reader: Reader
    module: Path
    file: Path
    weights: Path

    def classes_of(self, own: Arrays) -> int | None:
        """How many classes a checkpoint has, where that is all that differs."""
        axis = -1 if self.reader.target == "keras" else 0
        return classes_of(self.program.state, own, axis)

    def runner(self, session: Session, program: Program) -> Run:
        """Runs the model with the state of a program, which may be a part of it."""
        is_keras = self.reader.target == "keras"
        if is_keras:
            text = models.of_file(self.file, self.weights)
        else:
            text = self.module.read_text(encoding="utf-8")
        if program.end:
            text = models.part(text, self.reader.target, program.end)
        self.module.write_text(text, encoding="utf-8")
        return runner(
            session, self.module, "Original", {} if is_keras else program.state
        )


def session_of(model: Model, seconds: float) -> Session:
    """A process that makes and runs a model; raises FrameworkMissing."""
    if model.library.target:
        return Session(installed(model.library.target), seconds)
    keras = installed("keras")
    known = "torch" if FRAMEWORKS[keras].missing else keras
    return Session(known, seconds, side=ORIGINAL)


def exported(
    session: Session, model: Model, size: Sequence[int], folder: Path
) -> Export:
    """What a model's framework writes of it; raises ImportFailed (AS701, AS702)."""
    module, files = folder / "original.py", folder / "exported"
    files.mkdir(exist_ok=True)
    module.write_text(model.of_size(size).source(), encoding="utf-8")
    order = Order(
        task="export",
        module=str(module),
        name="Original",
        result="",
        checkpoint=str(files / identifier(model.stem)),
    )
    if size:
        order = order._replace(images=str(folder / "images"))
        write_arrays(order.images, as_inputs([np.zeros((2, *size), np.float32)]))
    answer = session.ask(order)
    if answer.fault:
        message = f"{model.said} cannot be exported"
        help = " ".join(answer.fault.split())
        raise ImportFailed.single("AS702", message, help=help)
    (file,) = files.iterdir()
    reader = READERS[file.suffix]
    program = reader.program(file, size if reader.may_be_open else ())
    return Export(program, reader, module, file, file)


def first_of(
    session: Session, others: Iterable[Model], size: Sequence[int], folder: Path
) -> Export | None:
    """The first of some models that can be made and exported, if any."""
    for model in others:
        with suppress(ImportFailed):
            return exported(session, model, size, folder)
    return None
