"""How small specs begin, and what is looked at in their networks."""

from __future__ import annotations

HEAD = """\
archspec: 1
name: Net
input: {channels: 3, size: [8, 6]}
classes: 10
"""
DEFAULTS = "defaults: {conv: {padding: same, bias: false}, activation: relu}\n"


def widths(found):
    return {layer.path: layer.output[0] for layer in found.layers}
