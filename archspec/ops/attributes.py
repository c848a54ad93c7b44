"""Classes whose annotated attributes are validated once and never change.

Pydantic could do this, but importing it takes longer than counting a network.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Annotated, Any, ClassVar, NamedTuple, dataclass_transform, get_origin

REQUIRED: Any = object()
"""The default of an attribute that has none."""


class Refused(ValueError):
    """An attribute cannot have this value; `help` may say which it can have."""

    def __init__(self, message: str, help: str = "", *, whole: bool = True):
        super().__init__(message)
        self.message = message
        self.help = help
        self.whole = whole
        """False if the value is a number that should be whole."""


class InvalidAttributes(ValueError):
    """Some attributes are missing, unknown or refused, by name."""

    def __init__(self, refused: Mapping[str, Refused]):
        super().__init__("; ".join(f"{n} {why.message}" for n, why in refused.items()))
        self.refused = refused


class Read:
    """Metadata of an attribute: the function that validates its values.

    It returns the value to hold, and raises Refused.
    """

    def __init__(self, function: Callable[[Any], Any]):
        self.function = function


class Doc(NamedTuple):
    """Metadata of an attribute: what it means, in Markdown."""

    text: str


class Field(NamedTuple):
    """An attribute of a class."""

    read: Callable[[Any], Any]
    default: Any
    metadata: tuple[Any, ...]

    @property
    def required(self) -> bool:
        """Whether it has no default."""
        return self.default is REQUIRED

    @property
    def doc(self) -> str:
        """What it means, in Markdown; empty if nothing says it."""
        return next((d.text for d in reversed(self.metadata) if isinstance(d, Doc)), "")

    def usual(self) -> Any:
        """The default; raises Refused if it has none."""
        if self.required:
            raise Refused("is required")
        return self.default


@dataclass_transform(kw_only_default=True, frozen_default=True)
class Attributes:
    """Base of classes with attributes: those annotated with a `Read`.

    Raises InvalidAttributes for missing, unknown and refused ones.
    """

    fields: ClassVar[Mapping[str, Field]] = {}
    """The attributes by name, those of base classes first."""

    def __init_subclass__(cls) -> None:
        cls.fields = {**cls.fields, **dict(_own_fields(cls))}

    def __init__(self, **values: Any):
        held: dict[str, Any] = {}
        refused: dict[str, Refused] = {}
        for name, field in self.fields.items():
            try:
                given = name in values
                held[name] = (
                    self.read(name, values[name], held) if given else field.usual()
                )
            except Refused as why:
                refused[name] = why
        unknown = values.keys() - self.fields.keys()
        refused |= {name: Refused("is unknown") for name in sorted(unknown)}
        if refused:
            raise InvalidAttributes(refused)
        self.__dict__.update(held)

    @classmethod
    def read(cls, name: str, value: object, before: Mapping[str, Any]) -> Any:
        """An attribute's value; `before` has those of attributes declared earlier.

        Raises:
            Refused: the attribute cannot have it.
        """
        return cls.fields[name].read(value)

    def __iter__(self) -> Iterator[tuple[str, Any]]:
        """All attributes with their values, as `dict` takes them."""
        return iter(self.__dict__.items())

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"{type(self).__name__} is frozen")

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self.__dict__ == other.__dict__

    def __hash__(self) -> int:
        return hash((type(self), *self.__dict__.values()))

    def __repr__(self) -> str:
        held = ", ".join(f"{name}={value!r}" for name, value in self)
        return f"{type(self).__name__}({held})"


def _own_fields(cls: type) -> Iterator[tuple[str, Field]]:
    for name, annotation in cls.__annotations__.items():
        if get_origin(annotation) is not Annotated:
            continue
        metadata = annotation.__metadata__
        *_, read = (data.function for data in metadata if isinstance(data, Read))
        yield name, Field(read, cls.__dict__.get(name, REQUIRED), metadata)
