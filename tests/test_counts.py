"""Parameters and MACs against the original implementations and the published tables.

`reference/counts.csv` has what was measured on the originals, never on our own output:
MACs are half of what torch's FlopCounterMode counts while they run. TF-Slim, which no
longer runs, is there by its rule.
"""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
import yaml

import archspec
from archspec.resources import SPECS

REFERENCE = Path(__file__).parent / "reference" / "counts.csv"


def checkpoints(widths, sizes):
    return [f"{width}_{size}" for width in widths for size in sizes]


PUBLISHED = {
    "mobilenetv1": checkpoints([1.0, 0.75, 0.5, 0.25], [224, 192, 160, 128]),
    "mobilenetv2": [
        *checkpoints([1.4, 1.3], [224]),
        *checkpoints([1.0, 0.75, 0.5, 0.35], [224, 192, 160, 128, 96]),
    ],
}


def reference_rows():
    with REFERENCE.open(newline="") as file:
        for row in csv.DictReader(file):
            words = (row["spec"], row["variants"], row["set"])
            yield pytest.param(row, id="-".join(word for word in words if word))


def reported_figures():
    """Every spec and variant for which a paper's figures are given."""
    for path in sorted([*SPECS.glob("*.yaml"), *SPECS.glob("tutorials/*.yaml")]):
        document = yaml.safe_load(path.read_text())
        patches = {"": document} | document.get("variants", {})
        for name in [n for n, patch in patches.items() if "reported" in (patch or {})]:
            variants = (name,) if name else ()
            yield pytest.param(path, variants, id="-".join((path.stem, *variants)))


def elaborated(spec, variants=(), overrides=()):
    path = SPECS / f"{spec}.yaml"
    return archspec.elaborate(path, variants=variants, overrides=overrides)


def agrees(computed, quantity):
    """Published tables round or cut: less than one unit of the last digit apart."""
    return quantity is None or abs(computed - quantity.value) < 2 * quantity.tolerance


@pytest.mark.parametrize("row", list(reference_rows()))
def test_counts_equal_those_of_the_original(row):
    network = elaborated(
        row["spec"],
        tuple(filter(None, row["variants"].split("+"))),
        tuple(filter(None, row["set"].split(";"))),
    )
    assert network.parameters == int(row["parameters"])
    assert network.trainable_parameters == int(row["trainable_parameters"])
    assert network.macs == int(row["macs"])


@pytest.mark.parametrize(("spec", "variants"), list(reported_figures()))
def test_published_figures_agree_or_have_an_erratum(spec, variants):
    network = archspec.elaborate(spec, variants=variants)
    reported = network.reported
    same = agrees(network.trainable_parameters, reported.parameters) and agrees(
        network.macs, reported.macs
    )
    assert same == (reported.erratum is None)


@pytest.mark.parametrize("variant", PUBLISHED["mobilenetv2"])
def test_mobilenetv2_figures_leave_out_batch_norm(variant):
    """Scales and shifts are as many as moving statistics; decimals of MACs are cut."""
    network = elaborated("mobilenetv2", (variant,))
    statistics = network.parameters - network.trainable_parameters
    reported = network.reported
    assert agrees(network.trainable_parameters - statistics, reported.parameters)
    assert network.macs // 10**6 * 10**6 == reported.macs.value


@pytest.mark.parametrize(("spec", "names"), list(PUBLISHED.items()))
def test_every_published_checkpoint_is_a_variant_with_its_figures(spec, names):
    variants = yaml.safe_load((SPECS / f"{spec}.yaml").read_text())["variants"]
    assert [name for name in variants if name[0].isdigit()] == names
    assert all("reported" in variants[name] for name in names)
