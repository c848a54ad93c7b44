"""Every flavour of a spec is one network in both frameworks, as the specs are.

What they are themselves, `test_specs.py` verifies.
"""

from __future__ import annotations

import pytest
from exchange import (
    Case,
    assert_equal,
    assert_right,
    calm_seed,
    case,
    difference,
    randomize,
    run_keras,
    run_torch,
)
from zoo import EVERY, FLATTENED, FLAVOURED, label, leading, resized, sizes


@pytest.mark.recorded
@pytest.mark.parametrize(
    ("path", "flavour"), [pytest.param(*each, id=label(*each)) for each in FLAVOURED]
)
def test_counts_and_outputs(unverified, path, flavour):
    found = case(path, flavour, sizes(path)[-1])
    unverified(label(path, flavour), [found.network])
    assert_equal(found, seed=calm_seed(found))


RESIZED = [path for path in EVERY if path.stem != FLATTENED]


@pytest.mark.parametrize("path", leading(RESIZED, "mobilenetv2", "unet"))
def test_torch_at_another_size(path):
    """What was generated at one size is right at the other."""
    one, other = (case(path, (), size) for size in sizes(path))
    randomize(one.torch)
    other.torch.load_state_dict(one.torch.state_dict(), strict=True)
    image = other.image()
    expected = run_torch(other.torch, image)
    assert difference(run_torch(one.torch, image), expected) < 1e-12


FAULTS = {
    "epsilon of torch": ("torch", "eps=1e-3", "eps=1e-5"),
    "epsilon of keras": ("keras", "momentum=0.999", "momentum=0.999, epsilon=1e-5"),
    "padding side": ("torch", "[left, width - left, top", "[width - left, left, top"),
    "relu for relu6 in torch": ("torch", "nn.ReLU6(", "nn.ReLU("),
    "relu for relu6 in keras": ("keras", '"relu6"', '"relu"'),
}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize(
    "seed", [0, *(pytest.param(seed, marks=pytest.mark.full) for seed in (1, 2))]
)
def test_a_fault_shows(fault, seed):
    """The same weights and images that pass unaltered code fail the altered one."""
    target, right, wrong = FAULTS[fault]
    good = case("mobilenetv2", (), resized(96, 64))
    assert_equal(good, seed=seed)
    text = good.torch_text if target == "torch" else good.keras_text
    assert right in text
    altered = good.build(text.replace(right, wrong))
    image = good.image(seed)
    if target == "torch":
        altered.load_state_dict(good.torch.state_dict())
        found = run_torch(altered.eval(), image)
    else:
        good.share(good.torch, altered)
        found = run_keras(altered, image)
    assert difference(found, run_torch(good.torch, image)) > 1e-3


HIDDEN_FAULTS = {
    "momentum of torch": ("torch", "momentum=1e-3", "momentum=1e-2"),
    "momentum of keras": ("keras", "momentum=0.999", "momentum=0.99"),
    "rate of torch": ("torch", "dropout: float = 0.2", "dropout: float = 0.3"),
    "rate of keras": ("keras", "dropout: float = 0.2", "dropout: float = 0.3"),
}


@pytest.mark.parametrize("fault", [*FAULTS, *HIDDEN_FAULTS])
def test_the_judge_sees_a_fault_of_one_file(fault):
    """So both files cannot share one, and no fault can hide in training."""
    target, right, wrong = (FAULTS | HIDDEN_FAULTS)[fault]
    good = case("mobilenetv2", (), resized(96, 64))
    text = getattr(good, f"{target}_text")
    assert right in text
    bad = Case(good.network)
    vars(bad)[f"{target}_text"] = text.replace(right, wrong)
    assert_right(good, target)
    with pytest.raises(AssertionError):
        assert_right(bad, target)
