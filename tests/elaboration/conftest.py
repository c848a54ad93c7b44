"""Small specs as networks."""

from __future__ import annotations

import textwrap

import pytest
from pieces import DEFAULTS, HEAD

from archspec.elaboration import elaborate
from archspec.errors import SpecError


@pytest.fixture
def network(tmp_path):
    def network(text: str, head: str = HEAD + DEFAULTS):
        path = tmp_path / "spec.yaml"
        path.write_text(head + textwrap.dedent(text))
        return elaborate(path)

    return network


@pytest.fixture
def fault(network):
    """The only diagnostic of a text: its message and the path in words."""

    def fault(text: str, head: str = HEAD + DEFAULTS):
        with pytest.raises(SpecError) as caught:
            network(text, head)
        (diagnostic,) = caught.value.diagnostics
        return diagnostic.message, diagnostic.path

    return fault
