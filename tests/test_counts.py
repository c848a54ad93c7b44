"""Parameters and MACs against the original implementations and the published tables.

What was counted on the originals stands in `reference/counts`, and `test_counted.py`
counts it again. TF-Slim, which no longer runs, is there by its rule.
"""

from __future__ import annotations

import pytest
import yaml
from counts import every_row

import archspec
from archspec.resources import SPECS


def checkpoints(widths, sizes):
    return [f"{width}_{size}" for width in widths for size in sizes]


PUBLISHED = {
    "mobilenetv1": checkpoints([1.0, 0.75, 0.5, 0.25], [224, 192, 160, 128]),
    "mobilenetv2": [
        *checkpoints([1.4, 1.3], [224]),
        *checkpoints([1.0, 0.75, 0.5, 0.35], [224, 192, 160, 128, 96]),
    ],
}


def reported_figures():
    """Every spec and variant for which a paper's figures are given."""
    for path in sorted([*SPECS.glob("*.yaml"), *SPECS.glob("tutorials/*.yaml")]):
        document = yaml.safe_load(path.read_text())
        patches = {"": document} | (document.get("variants") or {})
        for name in [n for n, patch in patches.items() if "reported" in (patch or {})]:
            variants = (name,) if name else ()
            yield pytest.param(path, variants, id="-".join((path.stem, *variants)))


def agrees(computed, quantity):
    """Published tables round or cut: less than one unit of the last digit apart."""
    return quantity is None or abs(computed - quantity.value) < 2 * quantity.tolerance


@pytest.mark.parametrize(
    "row", list(every_row()), ids=lambda row: f"{row.label}-{row.source}"
)
def test_counts_equal_those_of_the_original(row):
    network = row.network()
    assert network.parameters == row.parameters
    assert network.trainable_parameters == row.trainable_parameters
    assert network.macs == row.macs


@pytest.mark.parametrize(("spec", "variants"), list(reported_figures()))
def test_published_figures_agree_or_have_an_erratum(spec, variants):
    network = archspec.load(spec, variant=variants)
    reported = network.reported
    same = agrees(network.trainable_parameters, reported.parameters) and agrees(
        network.macs, reported.macs
    )
    assert same == (reported.erratum is None)


@pytest.mark.parametrize("variant", PUBLISHED["mobilenetv2"])
def test_mobilenetv2_figures_leave_out_batch_norm(variant):
    """Scales and shifts are as many as moving statistics; decimals of MACs are cut."""
    network = archspec.load("mobilenetv2", variant=variant)
    statistics = network.parameters - network.trainable_parameters
    reported = network.reported
    assert agrees(network.trainable_parameters - statistics, reported.parameters)
    assert network.macs // 10**6 * 10**6 == reported.macs.value


@pytest.mark.parametrize(("spec", "names"), list(PUBLISHED.items()))
def test_every_published_checkpoint_is_a_variant_with_its_figures(spec, names):
    variants = yaml.safe_load((SPECS / f"{spec}.yaml").read_text())["variants"]
    assert [name for name in variants if name[0].isdigit()] == names
    assert all("reported" in variants[name] for name in names)
