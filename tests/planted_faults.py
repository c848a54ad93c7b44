"""Faults to plant in the program, each of which `make test` has to catch."""

from __future__ import annotations

from typing import NamedTuple

EVERY_OP = "tests/frameworks/test_primitives.py"
BLOCKS = "tests/frameworks/test_own_blocks.py"
ONNX = "tests/frameworks/test_onnx.py"


class Fault(NamedTuple):
    """What stands once in a file, something wrong instead, and tests that fail then."""

    name: str
    file: str
    text: str
    wrong: str
    tests: str
    """Files and tests for pytest, without --full."""


FAULTS = [
    Fault(
        "torch: the dilation is left out",
        "templates/torch/ops.jinja",
        "{% if op.dilation != 1 %}, dilation={{ op.dilation }}{% endif %}",
        "",
        f"{EVERY_OP}::test_on_an_image[conv]",
    ),
    Fault(
        "torch: a layer that has a bias has none",
        "templates/torch/ops.jinja",
        "{% if op.bias != true %}, bias={{ op.bias }}{% endif %}",
        "{% if op.bias == true %}, bias=False{% endif %}",
        f"{EVERY_OP}::test_on_an_image[dense]",
    ),
    Fault(
        "torch: another default for the epsilon of layer norm",
        "templates/torch/ops.jinja",
        "{% if op.epsilon != 1e-5 %}, eps={{ op.epsilon }}",
        "{% if op.epsilon != 1e-6 %}, eps={{ op.epsilon }}",
        BLOCKS,
    ),
    Fault(
        "torch: the odd pixel goes first",
        "templates/torch/helpers.jinja",
        "[left, width - left, top, height - top]",
        "[width - left, left, height - top, top]",
        BLOCKS,
    ),
    Fault(
        "keras: the epsilon of batch norm is left out",
        "templates/keras/ops.jinja",
        "momentum={{ op.momentum }}, epsilon={{ op.epsilon }}, ",
        "momentum={{ op.momentum }}, ",
        BLOCKS,
    ),
    Fault(
        "keras: the multiplier of a depthwise convolution is left out",
        "templates/keras/ops.jinja",
        ", depth_multiplier={{ op.multiplier }}",
        "",
        f"{EVERY_OP}::test_on_an_image[depthwise_conv]",
    ),
    Fault(
        "keras: another slope",
        "templates/keras/ops.jinja",
        "layers.LeakyReLU({{ op.slope }}, ",
        "layers.LeakyReLU(0.3, ",
        f"{EVERY_OP}::test_on_an_image[activation]",
    ),
    Fault(
        "onnx: strides for dilations",
        "archspec/targets/onnx/ops/convolution.py",
        "dilations=op.dilation",
        "dilations=op.stride",
        f"{ONNX}::test_on_an_image[conv]",
    ),
    Fault(
        "onnx: the beginnings of a window's padding are swapped",
        "archspec/targets/onnx/ops/convolution.py",
        "window(op, (top, max(0, bottom), left, max(0, right)))",
        "window(op, (left, max(0, bottom), top, max(0, right)))",
        f"{ONNX}::test_on_an_image[transposed_conv]",
    ),
    Fault(
        "onnx: a layer that something else reads takes a batch norm in",
        "archspec/targets/onnx/plan.py",
        "and readers[source] == 1",
        "and readers[source] >= 1",
        f"{ONNX}::test_a_batch_norm_stays",
    ),
    Fault(
        "the odd cell of `same` goes first, in every target",
        "archspec/ops/window.py",
        "return total // 2, total - total // 2",
        "return total - total // 2, total // 2",
        "tests/ops/test_window.py",
    ),
    Fault(
        "a dilated window is as large as another",
        "archspec/ops/window.py",
        "return (height - 1) * down + 1, (width - 1) * across + 1",
        "return height, (width - 1) * across + 1",
        "tests/ops",
    ),
    Fault(
        "a convolution is evaluated without its bias",
        "archspec/ops/convolution.py",
        """x = arrays.convolved(x, weights["weight"], self.window, groups)
        return x + along(weights.get("bias", 0.0), x)""",
        'return arrays.convolved(x, weights["weight"], self.window, groups)',
        f"{EVERY_OP}::test_on_an_image[conv]",
    ),
    Fault(
        "statistics are trained",
        "archspec/ops/normalization.py",
        '"mean": Weight(shape[:1], trainable=False)',
        '"mean": Weight(shape[:1])',
        "tests/ops/test_costs.py tests/test_counts.py",
    ),
    Fault(
        "MACs are counted where the input is",
        "archspec/ops/base.py",
        "weight.size * prod(self.infer(shape)[1:])",
        "weight.size * prod(shape[1:])",
        "tests/ops/test_costs.py tests/test_counts.py",
    ),
    Fault(
        "memory: nothing is ever freed",
        "archspec/analysis/buffers.py",
        "changes[last + 1] -= size",
        "changes[last + 1] -= 0",
        "tests/test_flops.py",
    ),
    Fault(
        "axes are moved the other way round",
        "archspec/weights/moves.py",
        "split.transpose([old.index(axis) for axis in new])",
        "split.transpose([new.index(axis) for axis in old])",
        f"{EVERY_OP}::test_on_an_image[conv]",
    ),
    Fault(
        "a folded bias gains the mean",
        "archspec/targets/folding.py",
        '(own.get("bias", 0.0) - mean)',
        '(own.get("bias", 0.0) + mean)',
        "tests/frameworks/test_fold.py::test_as_torch_folds",
    ),
    Fault(
        "a batch norm is folded though something else reads the layer",
        "archspec/language/fold.py",
        "alone = readers == (norm.origin is not None)",
        "alone = True",
        "tests/elaboration/test_folded.py",
    ),
    Fault(
        "fresh weights have the variance for a deviation",
        "archspec/weights/initial.py",
        "return (rule[2] / fans[rule[1]]) ** 0.5",
        "return rule[2] / fans[rule[1]]",
        "tests/frameworks/test_initializers.py",
    ),
    Fault(
        "weights of another shape are taken",
        "archspec/weights/checks.py",
        "if found != shape:",
        "if len(found) != len(shape):",
        "tests/weights/test_canonical.py tests/weights/test_weights_commands.py",
    ),
    Fault(
        "text of a spec is markup in a report",
        "archspec/reporting/page.py",
        "autoescape=True",
        "autoescape=False",
        "tests/reporting/test_hostile_text.py::test_several_texts_at_once",
    ),
    Fault(
        "a report links to any address",
        "archspec/reporting/facts.py",
        "is_web = parts.scheme in SCHEMES and parts.netloc and url.isprintable()",
        "is_web = True",
        "tests/reporting/test_hostile_text.py::test_several_texts_at_once",
    ),
    Fault(
        "`//` rounds towards zero",
        "archspec/expressions/evaluation.py",
        "lambda a, b: a // b",
        "lambda a, b: int(a / b)",
        "tests/test_expressions.py",
    ),
    Fault(
        "expressions have no budget",
        "archspec/expressions/effort.py",
        "if budget.spent > budget.parts:",
        "if budget.spent > budget.parts and False:",
        "tests/safety/test_hostile.py::test_a_hostile_document[expressions_many]",
    ),
    Fault(
        "documents may be nested as deep as they like",
        "archspec/reading/reader.py",
        "if depth > MAX_DEPTH:",
        "if depth > 1000 * MAX_DEPTH:",
        "tests/language/test_reader.py tests/test_messages.py",
    ),
    Fault(
        "figures of the base are taken for those of a variant",
        "archspec/language/merge.py",
        "before = document.replaced(reported=None)",
        "before = document",
        "tests/language tests/test_counts.py",
    ),
    Fault(
        "an attribute that no op has is passed over",
        "archspec/language/attributes.py",
        "elif name not in known:",
        "elif not name:",
        "tests/language",
    ),
    Fault(
        "the first repeat has what only later ones have",
        "archspec/elaboration/walk.py",
        "layer.attributes | (layer.then if step else {})",
        "layer.attributes | layer.then",
        "tests/elaboration tests/language",
    ),
    Fault(
        "a residual is written down and not added",
        "archspec/elaboration/walk.py",
        'adds = scope.get("residual") is True',
        "adds = False",
        "tests/language tests/test_counts.py",
    ),
    Fault(
        "nothing is near enough for `did you mean`",
        "archspec/errors.py",
        "n=1, cutoff=0.7)",
        "n=1, cutoff=0.99)",
        "tests/test_messages.py",
    ),
    Fault(
        "an edited file is overwritten",
        "archspec/targets/digest.py",
        'field["body"] == _body(content, field["spec"], field)',
        'field["body"] is not None',
        "tests/test_files.py",
    ),
    Fault(
        "warnings are no failure with --strict",
        "archspec/cli/check.py",
        "if strict and any(one.warnings for one in found):",
        "if strict and all(one.errors for one in found):",
        "tests/test_check.py",
    ),
    Fault(
        "verify takes outputs by other names",
        "archspec/verification/comparisons.py",
        "if names == set(network.outputs):",
        "if len(names) == len(set(network.outputs)):",
        "tests/verification/test_odd_networks.py::test_what_is_returned_counts",
    ),
]
