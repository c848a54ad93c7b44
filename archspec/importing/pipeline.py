"""From what a user names to a spec with its weights, compared with the source."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Collection, Generator, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from archspec.errors import ImportFailed, SpecError
from archspec.frameworks import FRAMEWORKS
from archspec.importing import provenance
from archspec.importing.became import Became, became
from archspec.importing.checkpoint import fitted
from archspec.importing.draft import class_name, identifier
from archspec.importing.exporting import Export, exported, first_of, session_of
from archspec.importing.graph import Graph
from archspec.importing.keras import live as keras_live
from archspec.importing.models import Model
from archspec.importing.outputs import Outputs, Run, compared, generated
from archspec.importing.readers import READERS, Program, Reader
from archspec.importing.refusals import (
    faults_of,
    last_readable,
    refusal,
    unwritten,
)
from archspec.importing.sourced import sourced
from archspec.importing.structured import best
from archspec.importing.torch import live
from archspec.importing.trial import Accepted, Different, headed
from archspec.network import Network
from archspec.runtime.session import SECONDS, Session
from archspec.weights.checks import Arrays

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Imported:
    """A spec, the source's weights by their canonical names, and how they compare."""

    text: str
    network: Network
    weights: Mapping[str, Array]
    names: Mapping[str, str]
    """The source's name of each weight that it has."""
    operations: int
    unused: tuple[str, ...]
    """Weights of the source that its outputs do not depend on."""
    notes: tuple[str, ...] = ()
    outputs: Outputs | None = None
    unmeasured: str = "outputs were not compared: a file is not run"
    """Why there are no outputs to compare, if there are none."""
    became: Became = field(default_factory=Became)
    """What the source's modules are in the spec."""

    @property
    def stored(self) -> dict[str, Array]:
        """The weights for files: what was computed from others is in single precision.

        Until outputs are compared, it is in double precision.
        """
        return {
            key: array if key in self.names else array.astype(np.float32)
            for key, array in self.weights.items()
        }


class Wish(NamedTuple):
    """What a user wants of an import besides the model.

    `size` is the shape of the image, channels first; `checkpoint` a file of weights to
    use instead of the model's own, `key` the entry of it that holds them; `until` the
    layer of the model that the network ends with.
    """

    name: str = ""
    size: Sequence[int] = ()
    is_flat: bool = False
    checkpoint: Path | None = None
    key: str = ""
    until: str = ""


Progress = Callable[[str], None]


def import_source(
    model: Model,
    wish: Wish,
    seconds: float = SECONDS,
    progress: Progress = lambda text: None,
) -> Imported:
    """Import a model, and compare outputs unless it is a file.

    Raises:
        ImportFailed: it cannot be read (AS701) or run (AS702), the language lacks some
            of its operations (AS703), the outputs differ (AS704), or the checkpoint is
            not of this model (AS705).
        FrameworkMissing: its framework is not installed.
    """
    if model.is_file:
        progress(f"reading {model.said}")
        reader = READERS[model.path.suffix]
        program = reader.program(model.path, wish.size)
        program = _part(_with_own(program, _own(reader, wish, model), model), wish)
        return _imported(program, reader, model, wish, progress)
    with _made(model, wish, seconds, progress) as (export, session):
        return _verified(export, session, model, wish, progress)


def _verified(
    export: Export, session: Session, model: Model, wish: Wish, progress: Progress
) -> Imported:
    """Import what a process can run, and compare outputs."""
    program = _part(export.program, wish)
    found = _imported(program, export.reader, model, wish, progress)
    progress("comparing outputs")
    theirs = export.runner(session, program)
    return replace(found, outputs=_compared(found, theirs, session))


def _part(program: Program, wish: Wish) -> Program:
    """The part of a program that a user wants."""
    return program.until(wish.until) if wish.until else program


def import_module(
    module: Any, example: Any, wish: Wish, seconds: float, progress: Progress
) -> Imported:
    """Import a model of this process; raises the errors of `import_source`."""
    progress("exporting")
    if keras_live.is_model(module):
        model = Model(module.name)
        with keras_live.export(module, seconds) as (export, session):
            own = _own(export.reader, wish, model)
            changed = _changed(export, own, wish, model)
            return _verified(changed, session, model, wish, progress)
    model = Model(type(module).__name__)
    reader = READERS[".pt2"]
    own = _own(reader, wish, model)
    program = _part(_with_own(live.export(module, example), own, model), wish)
    found = _imported(program, reader, model, wish, progress)
    progress("comparing outputs")
    theirs = live.runner(module, program.state, program.end)
    with Session("torch", seconds) as session:
        return replace(found, outputs=_compared(found, theirs, session))


def _compared(found: Imported, theirs: Run, session: Session) -> Outputs:
    """Run the source and the generated module, of PyTorch if that is installed."""
    with ExitStack() as stack:
        is_other = session.framework != "torch" and not FRAMEWORKS["torch"].missing
        own = Session("torch", session.seconds) if is_other else session
        if is_other:
            stack.enter_context(own)
        run = generated(own, found.network, found.weights)
        shapes = list(found.network.inputs.values())
        return compared(theirs, stack.enter_context(run), found.network, shapes)


def _own(reader: Reader, wish: Wish, model: Model) -> Arrays | None:
    """The user's own weights, if there are any; raises ImportFailed (AS705)."""
    if wish.checkpoint is None:
        return None
    if not reader.weights:
        message = f"{model.said} cannot be given other weights"
        help = (
            "--checkpoint is for PyTorch and Keras; export the model with its weights"
        )
        raise ImportFailed.single("AS705", message, help=help)
    return reader.state(wish.checkpoint, wish.key)


def _with_own(program: Program, own: Arrays | None, model: Model) -> Program:
    """The program with the user's weights; raises ImportFailed (AS705)."""
    return program if own is None else fitted(program, own, model.said)


@contextmanager
def _made(
    model: Model, wish: Wish, seconds: float, progress: Progress
) -> Generator[tuple[Export, Session]]:
    """What the framework of a model writes of it, and the process that can run it."""
    with (
        tempfile.TemporaryDirectory() as name,
        session_of(model, seconds) as session,
    ):
        folder = Path(name)
        progress(f"exporting {model.said}")
        export = exported(session, model, wish.size, folder)
        own = _own(export.reader, wish, model)
        classes = None if own is None else export.classes_of(own)
        if classes is not None:
            progress(f"exporting {model.said} with {classes} classes")
            others = model.with_classes(classes)
            export = first_of(session, others, wish.size, folder) or export
        yield _changed(export, own, wish, model), session


def _changed(export: Export, own: Arrays | None, wish: Wish, model: Model) -> Export:
    """The same model with the user's weights; raises ImportFailed (AS705)."""
    program = _with_own(export.program, own, model)
    return export._replace(program=program, weights=wish.checkpoint or export.weights)


def _imported(
    program: Program, reader: Reader, model: Model, wish: Wish, progress: Progress
) -> Imported:
    graph, builder = reader.read(program)
    if faults := faults_of(graph, builder, model.said):
        progress("looking for a part that can be imported")
        raise refusal(faults, last_readable(program, reader))
    progress("looking for structure")
    name = wish.name or class_name(program.name)
    path = Path(f"{identifier(model.stem)}.yaml")
    found = spec_of(graph, name, path, is_flat=wish.is_flat)
    progress("adopting its own weights")
    source, notes = sourced(found, program.state, model.title)
    found = headed(found, {"source": source}, path) if source else found
    tensors = found.tensors
    return Imported(
        found.text,
        found.network,
        {key: np.asarray(tensor.array) for key, tensor in tensors.items()},
        provenance.names(tensors),
        len(graph.nodes),
        tuple(_unused(program, provenance.used(tensors.values()))),
        (*_left_out(program), *builder.notes, *provenance.notes(tensors), *notes),
        became=became(found),
    )


def _left_out(program: Program) -> Iterator[str]:
    """Notes on a part of the model, and on parts of a checkpoint that it lacks."""
    if program.end:
        yield f"the network ends with '{program.end}' of the model"
    if program.surplus:
        yield (
            f"{len(program.surplus)} weights of the checkpoint are not of this model: "
            f"{provenance.shortened(program.surplus)}"
        )


def _unused(program: Program, used: Collection[str]) -> Iterator[str]:
    """The weights that inference does not need; counters and indices are none."""
    known = program.constants.values()
    floating = (c for c in known if np.issubdtype(c.array.dtype, np.floating))
    yield from (c.name for c in floating if c.name not in used)


def spec_of(graph: Graph, name: str, path: Path, *, is_flat: bool) -> Accepted:
    """The best spec of a graph, which is written to `path`.

    Raises ImportFailed: the language lacks what the model has (AS703), or no spec
    computes the same (AS704).
    """
    try:
        return best(graph, name, path, is_flat=is_flat)
    except (SpecError, Different) as error:
        raise unwritten(error, graph, path.stem) from None
