"""What Optuna needs to be told: where trials are kept, and how values are chosen."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from itertools import pairwise
from typing import Any, NamedTuple, Self
from urllib.parse import urlsplit

from archspec.errors import InvalidArgument, needed, one_of
from archspec.exploring.grid import Axis

SAMPLERS: Mapping[str, str] = {
    "nsga2": "NSGAIISampler",
    "tpe": "TPESampler",
    "random": "RandomSampler",
}
"""Those of Optuna for several goals that need no further package."""


def sampler(name: str, seed: int | None) -> Any:
    """A sampler of Optuna; raises InvalidArgument for another name."""
    one_of("sampler", name, SAMPLERS)
    return getattr(needed("optuna.samplers"), SAMPLERS[name])(seed=seed)


def storage(place: str | None) -> Any:
    """The storage at a place; in memory without one.

    `grpc://HOST:PORT` is Optuna's proxy and any other `SCHEME://...` the address of a
    database, as SQLAlchemy takes it. All else is the path of a journal file, which
    several processes may share. Raises InvalidArgument for an address without a port.
    """
    if place is None:
        return None
    storages = needed("optuna.storages")
    if "://" not in place:
        backend = needed("optuna.storages.journal").JournalFileBackend(place)
        return storages.JournalStorage(backend)
    if not place.startswith("grpc://"):
        return storages.RDBStorage(place)
    address = urlsplit(place)
    if not address.hostname or not address.port:
        raise InvalidArgument(f"'{place}' is not of the form grpc://HOST:PORT")
    return storages.GrpcStorageProxy(host=address.hostname, port=address.port)


class Choice(NamedTuple):
    """The values of a path; `step` is that between them if they are a range."""

    axis: Axis
    step: Decimal | None

    @classmethod
    def of(cls, axis: Axis) -> Self:
        """Values with equal steps between them are a range, however they were given."""
        try:
            numbers = [*map(Decimal, axis.values)]
        except InvalidOperation:
            return cls(axis, None)
        steps = {after - before for before, after in pairwise(numbers)}
        step = steps.pop() if len(steps) == 1 else Decimal(0)
        return cls(axis, step if step > 0 else None)

    def suggested(self, trial: Any) -> str:
        """The value that a trial takes."""
        path, values = self.axis
        if self.step is None:
            return trial.suggest_categorical(path, values)
        low, high = Decimal(values[0]), Decimal(values[-1])
        if any(number % 1 for number in (low, self.step)):
            ends = float(low), float(high)
            return self.text(trial.suggest_float(path, *ends, step=float(self.step)))
        ends = int(low), int(high)
        return self.text(trial.suggest_int(path, *ends, step=int(self.step)))

    def text(self, value: str | float) -> str:
        """The value as it was given; Optuna's numbers are floats."""
        if self.step is None:
            return str(value)
        number = (Decimal(value) - Decimal(self.axis.values[0])) / self.step
        return self.axis.values[round(number)]
