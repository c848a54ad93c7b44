"""An expression is printed only where it gives what elaboration recorded."""

import pytest

from archspec.expressions import parse, to_text
from archspec.targets.specialise.context import Context
from archspec.targets.unprintable import Unprintable

CONTEXT = Context(
    uses=None, routines={}, functions={}, variables=frozenset("a"), aliases={}
)
WITNESSES = [{"a": 3}, {"a": 4}]


@pytest.mark.parametrize(
    ("text", "recorded", "expected"),
    [
        ("a * 2", [6, 8], "a * 2"),
        ("a * 2.0", [6, 8], "a * 2"),
        ("48.0", [48, 48], "48"),
        ("true", [True, True], "true"),
    ],
)
def test_what_it_gives_is_printed(text, recorded, expected):
    found = CONTEXT.attribute(parse(text), WITNESSES, recorded)
    assert to_text(found.expression) == expected
    assert found.values == tuple(recorded)


@pytest.mark.parametrize(
    ("text", "recorded"), [("a * 2", [6, 9]), ("a", [4, 4]), ("8", [8, 9])]
)
def test_what_it_does_not_give_is_refused(text, recorded):
    message = f"'{text}', which is not what the network has everywhere"
    with pytest.raises(Unprintable) as caught:
        CONTEXT.attribute(parse(text), WITNESSES, recorded)
    assert str(caught.value) == message
