"""`generated/` holds what the bundled specs give, and nothing else."""

from __future__ import annotations

from functools import lru_cache

import pytest

from archspec.elaboration import elaborate, keeping
from archspec.reading import bundled_specs
from archspec.targets import TARGETS, render

FAMILIES = {"efficientnet": ["width", "depth", "pixels"], "mobilenetv2": ["width"]}
KEPT = {f"{name}_family": (name, names) for name, names in FAMILIES.items()}
SPECS = {path.stem: path for path in bundled_specs()}


@lru_cache(maxsize=1)
def network(module):
    """One for all targets, which follow each other."""
    name, kept = KEPT.get(module, (module, ()))
    found = elaborate(SPECS[name])
    return keeping(found, kept) if kept else found


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("module", [*SPECS, *KEPT])
def test_a_file_is_what_its_spec_gives(root, module, target):
    text = (root / "generated" / target / f"{module}.py").read_text("utf-8")
    assert network(module).spec.module_name == module
    assert text == render(network(module), target)


def test_there_is_no_other_file(root):
    folder = root / "generated"
    found = {
        path.relative_to(folder)
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert {str(path) for path in found} == {
        f"{target}/{module}.py" for target in TARGETS for module in (*SPECS, *KEPT)
    }
