"""`generated/` holds what the bundled specs give, and nothing else."""

from __future__ import annotations

import pytest

from archspec.elaboration import elaborate, keeping
from archspec.reading import bundled_specs
from archspec.targets import TARGETS, render

FAMILIES = {"efficientnet": ["width", "depth", "pixels"], "mobilenetv2": ["width"]}
NETWORKS = [
    *map(elaborate, bundled_specs()),
    *(keeping(elaborate(spec), names) for spec, names in FAMILIES.items()),
]
MODULES = {network.spec.module_name: network for network in NETWORKS}


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("module", MODULES)
def test_a_file_is_what_its_spec_gives(root, module, target):
    text = (root / "generated" / target / f"{module}.py").read_text("utf-8")
    assert text == render(MODULES[module], target)


def test_there_is_no_other_file(root):
    folder = root / "generated"
    found = {
        path.relative_to(folder)
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert {str(path) for path in found} == {
        f"{target}/{module}.py" for target in TARGETS for module in MODULES
    }
