"""Modules for a graph whose source names none: parts that come several times.

What every path passes divides a network into segments, most of them of one node.
Segments that end with a sum are blocks with a shortcut; the same chain of layers
without one is the same block. Of what is left, runs of segments that repeat are blocks.
The layer that reads the image begins none.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from archspec.importing.graph import Graph, Node, Scope

LONGEST = 12
"""Segments of a block."""
MOST_CLASSES = 6
_ENDS = frozenset({"activation", "batch_norm", "layer_norm", "dropout", "identity"})
"""What belongs to the layer before it, so that no block begins with it."""

Token = tuple[object, ...]


@dataclass(eq=False, frozen=True)
class Segment:
    """Nodes between two that every path passes; `token` is what it looks like.

    `chain` has the tokens of the longer branch of a sum.
    """

    nodes: tuple[Node, ...]
    token: Token
    chain: tuple[Token, ...] = ()


def mined(graph: Graph) -> Graph:
    """A copy whose nodes are in modules `blocks.0`, `blocks.1` and so on."""
    copies: dict[Node, Node] = {}
    for node in (*graph.inputs.values(), *graph.nodes):
        sources = tuple(copies[source] for source in node.sources)
        copies[node] = replace(node, sources=sources, form=None)
    inputs = {name: copies[node] for name, node in graph.inputs.items()}
    outputs = {name: copies[node] for name, node in graph.outputs.items()}
    found = Graph(inputs, [copies[node] for node in graph.nodes], outputs)
    for number, (kind, nodes) in enumerate(_blocks(found)):
        for node in nodes:
            node.scopes = Scope(f"blocks.{number}", kind), *node.scopes
    return found


def _blocks(graph: Graph) -> list[tuple[str, list[Node]]]:
    """The class and the nodes of each block, in order."""
    segments = segmented(graph.nodes, [*graph.outputs.values()])
    parts = _with_chains(segments)
    found: list[tuple[int, str, list[Node]]] = []
    left = [*parts]
    for number in range(MOST_CLASSES):
        window = _best(left)
        if not window:
            break
        kind = "Residual" if any(t[0] == "sum" for t in window) else "Block"
        for start in _places(left, window):
            run = left[start : start + len(window)]
            nodes = [node for part in run if part for node in part.nodes]
            found.append((start, f"{kind}{number or ''}", nodes))
            left[start : start + len(window)] = [None] * len(window)
    return [(kind, nodes) for _, kind, nodes in sorted(found, key=lambda f: f[0])]


def segmented(nodes: Sequence[Node], ends: Sequence[Node]) -> list[Segment]:
    """Nodes in order, divided where one tensor alone is read afterwards.

    `ends` are read from outside.
    """
    last = {node: number for number, n in enumerate(nodes) for node in (n, *n.sources)}
    last |= dict.fromkeys(ends, len(nodes))
    found: list[Segment] = []
    start = reach = 0
    for number in range(len(nodes)):
        # Whether anything before this node is read after it.
        if reach <= number:
            found.append(_segment(nodes[start : number + 1]))
            start = number + 1
        reach = max(reach, last[nodes[number]])
    return found


def _segment(nodes: Sequence[Node]) -> Segment:
    inside, result = set(nodes), nodes[-1]
    if len(nodes) == 1:
        return Segment((result,), (result.name,))
    if result.name == "add" and len(result.sources) == 2:
        sides = [_behind(source, inside) for source in result.sources]
        main, shortcut = sorted(sides, key=len, reverse=True)
        if len(main) + len(shortcut) + 1 == len(nodes) and len(shortcut) < 3:
            ordered = [node for node in nodes if node in main]
            parts = segmented(ordered, [ordered[-1]])
            chain = tuple(part.token for part in parts)
            return Segment(tuple(nodes), ("sum", *_plain(chain)), _plain(chain))
    known = {node: number for number, node in enumerate(nodes)}
    wiring = ((n.name, *(known.get(source, -1) for source in n.sources)) for n in nodes)
    return Segment(tuple(nodes), (result.name, *wiring))


def _behind(node: Node, inside: set[Node]) -> set[Node]:
    """The nodes inside that a node depends on, itself among them."""
    found, left = set[Node](), [node]
    while left:
        each = left.pop()
        if each in inside and each not in found:
            found.add(each)
            left.extend(each.sources)
    return found


def _plain(chain: Sequence[Token]) -> tuple[Token, ...]:
    """Without gates, such as squeeze-and-excitation, which some blocks have."""
    return tuple(token for token in chain if not _is_gate(token))


def _is_gate(token: Token) -> bool:
    return token[0] == "multiply" and len(token) > 1


def _with_chains(segments: Sequence[Segment]) -> list[Segment | None]:
    """Runs of segments that are the chain of a sum, each as one segment like it."""
    chains = {segment.chain for segment in segments if len(segment.chain) > 2}
    shorter = {
        chain[number:]: chain
        for chain in chains
        for number in range(1, len(chain) - 1)
        if chain[number] == ("depthwise_conv",)
    }
    ways = {chain: chain for chain in chains} | {
        part: chain for part, chain in shorter.items() if part not in chains
    }
    longest = sorted(ways, key=len, reverse=True)
    found: list[Segment | None] = [*segments[:1]]
    number = 1
    while number < len(segments):
        rest = segments[number:]
        part = next((part for part in longest if _length(rest, part)), None)
        run = rest[: _length(rest, part) if part else 1]
        nodes = tuple(node for each in run for node in each.nodes)
        found.append(Segment(nodes, ("sum", *ways[part])) if part else run[0])
        number += len(run)
    return found


def _length(segments: Sequence[Segment], part: Sequence[Token]) -> int:
    """How many segments at the start are these tokens, gates aside; 0 if they are not.

    A block does not begin with a gate.
    """
    left = [*part]
    for number, segment in enumerate(segments):
        if not left:
            return number
        if segment.token == left[0]:
            del left[0]
        elif not number or not _is_gate(segment.token):
            return 0
    return 0 if left else len(segments)


def _best(parts: Sequence[Segment | None]) -> tuple[Token, ...]:
    """The run of tokens that saves most by being a block; none if nothing repeats."""
    best, most = (), 0
    for window in _windows(parts):
        nodes = _size(parts, window)
        saved = (len(_places(parts, window)) - 1) * (nodes - 1)
        if saved > most:
            best, most = window, saved
    return best


def _windows(parts: Sequence[Segment | None]) -> Iterator[tuple[Token, ...]]:
    """Runs of tokens that could be a block, each once."""
    starts = [
        number
        for number, part in enumerate(parts)
        if number and part is not None and part.token[0] not in _ENDS
    ]
    runs = (
        parts[start : start + length]
        for start in starts
        for length in range(1, LONGEST + 1)
    )
    whole = (tuple(part.token for part in run if part) for run in runs if all(run))
    return (window for window in dict.fromkeys(whole) if not _repeats(window))


def _repeats(window: Sequence[Token]) -> bool:
    """Whether it is a shorter run several times."""
    return any(
        len(window) % length == 0
        and all(a == b for a, b in pairwise(_cut(window, length)))
        for length in range(1, len(window))
    )


def _cut(window: Sequence[Token], length: int) -> list[Sequence[Token]]:
    return [window[n : n + length] for n in range(0, len(window), length)]


def _places(parts: Sequence[Segment | None], window: Sequence[Token]) -> list[int]:
    """Where a run of tokens is, without overlaps."""
    found: list[int] = []
    tokens = [part.token if part else None for part in parts]
    number = 1
    while number + len(window) <= len(tokens):
        if tokens[number : number + len(window)] == [*window]:
            found.append(number)
            number += len(window)
        else:
            number += 1
    return found


def _size(parts: Sequence[Segment | None], window: Sequence[Token]) -> int:
    start = _places(parts, window)[0]
    return sum(len(p.nodes) for p in parts[start : start + len(window)] if p)
