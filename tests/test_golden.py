"""`generated/` holds what the bundled specs give, and nothing else."""

from __future__ import annotations

import pytest

from archspec.elaboration import elaborate
from archspec.reading import bundled_specs
from archspec.targets import TARGETS, render

SPECS = {elaborate(path).spec.module_name: path for path in bundled_specs()}


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("module", SPECS)
def test_a_file_is_what_its_spec_gives(root, module, target):
    text = (root / "generated" / target / f"{module}.py").read_text("utf-8")
    assert text == render(elaborate(SPECS[module]), target)


def test_there_is_no_other_file(root):
    folder = root / "generated"
    found = {
        path.relative_to(folder)
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert {str(path) for path in found} == {
        f"{target}/{module}.py" for target in TARGETS for module in SPECS
    }
