"""Networks that nobody has counted, against the counters of PyTorch.

No table of known numbers can pass here.
"""

from __future__ import annotations

import warnings

import pytest
import torch
from exchange import Case, case, imported
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch.utils.flop_counter import FlopCounterMode

from archspec.elaboration import elaborate
from archspec.targets import TARGETS

few = settings(
    max_examples=6, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def check_counts(found: Case) -> None:
    """Weights, MACs and every output size, of the generated PyTorch module."""
    module, network = found.torch, found.network
    state = {k: v for k, v in module.state_dict().items() if "num_batches" not in k}
    assert sum(v.numel() for v in state.values()) == network.parameters
    trainable = sum(v.numel() for v in module.parameters())
    assert trainable == network.trainable_parameters
    with warnings.catch_warnings(), FlopCounterMode(display=False) as counter:
        warnings.simplefilter("ignore")
        output = module(torch.zeros(1, *network.input_shape))
    assert counter.get_total_flops() == network.flops == 2 * network.macs
    assert tuple(output.shape[1:]) == network.output_shape


@few
@given(
    spec=st.sampled_from(["mobilenetv1", "mobilenetv2"]),
    width=st.floats(0.1, 1.6).map(lambda width: round(width, 3)),
    size=st.tuples(st.integers(33, 120), st.integers(33, 120)),
    flavour=st.sampled_from([(), ("timm",), ("keras",)]),
)
def test_widths_and_sizes(spec, width, size, flavour):
    overrides = f"multipliers.width={width}", f"input.size={list(size)}"
    check_counts(case(spec, flavour, overrides))


rows_of_v2 = st.lists(
    st.tuples(
        st.sampled_from([1, 2, 4, 6]),
        st.integers(4, 60),
        st.integers(1, 3),
        st.integers(1, 2),
    ),
    min_size=1,
    max_size=5,
)


@few
@given(rows=rows_of_v2)
def test_rows_of_mobilenetv2(rows):
    text = [list(row) for row in rows]
    check_counts(
        case("mobilenetv2", (), (f"layers.stages.rows={text}", "input.size=64"))
    )


own_rows = st.lists(
    st.tuples(
        st.sampled_from([1, 3, 5, 7]),
        st.integers(1, 6).map(lambda quarters: 4 * quarters),
        st.integers(1, 3),
        st.integers(1, 3),
        st.sampled_from([1, 2, 4]),
        st.booleans(),
    ),
    min_size=1,
    max_size=5,
)


@few
@given(rows=own_rows, padding=st.sampled_from(["same", "symmetric"]))
def test_rows_of_an_own_table(tmp_path, rows, padding):
    lines = "\n".join(f"      - {[*row[:5], str(row[5]).lower()]}" for row in rows)
    path = tmp_path / "net.yaml"
    path.write_text(f"""
archspec: 1
name: Net
input: {{channels: 4, size: [61, 45]}}
defaults:
  conv: {{padding: {padding}, bias: true}}
  batch_norm: {{epsilon: 1e-3, decay: 0.9}}
blocks:
  unit:
    arguments: {{kernel: int, filters: int, stride: 1, groups: 1, squeeze: bool}}
    residual: stride == 1 and in_channels == filters
    layers:
      narrow: {{conv: 8, when: squeeze}}
      mix:
        conv: {{filters: filters, kernel: kernel, stride: stride, groups: groups}}
      norm: batch_norm
layers:
  stages:
    columns: [k, c, n, s, g, q]
    rows:
{lines.replace("'", "")}
    each: {{unit: {{kernel: k, filters: c, stride: s, groups: g, squeeze: q}}}}
    repeat: n
    then: {{stride: 1}}
  pool: global_avg_pool
  out: {{dense: 10}}
""")  # fmt: skip
    check_counts(Case(elaborate(path)))


@pytest.mark.parametrize("name", TARGETS)
def test_no_generated_file_needs_archspec(name, monkeypatch):
    text = getattr(case("squeezenet_1_1"), f"{name}_text")
    monkeypatch.setitem(__import__("sys").modules, "archspec", None)
    assert imported(text)
