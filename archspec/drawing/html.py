"""A picture as a page: each block unfolds into its wiring with the shapes of that use.

A box is a link to the wiring of its first run, which CSS shows while it is the target:
the page needs no script, works by keyboard, and its policy admits its own styles only.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from hashlib import sha256
from html import escape

from archspec import resources
from archspec.analysis.rows import Row
from archspec.analysis.table import one_line
from archspec.drawing.diagram import REMOVED, Box, Diagram, graph
from archspec.drawing.layout import layout
from archspec.drawing.page import MADE, Share, costs, heading_of, sizes
from archspec.drawing.palette import stylesheet
from archspec.drawing.svg import colour_rules, key, picture
from archspec.drawing.wiring import ROOT, Wiring

FOOT = 900
"""The width of the legend."""


def html(diagram: Diagram, share: Share = "macs") -> str:
    """The page of a network."""
    return _Page(diagram, share).text()


class _Page:
    def __init__(self, diagram: Diagram, share: Share):
        self.diagram = diagram
        self.network = diagram.network
        self.share: Share = share
        self.wiring = Wiring(self.network)
        self.ids = {path: f"u{n}" for n, path in enumerate(self._unfolded(ROOT))}
        self.graphs = {path: graph(self.wiring, path) for path in self.ids}
        self.graphs[ROOT] = diagram.graph

    def _unfolded(self, path: str) -> Iterator[str]:
        """The network, the runs of each row that differ, and those within."""
        yield path
        for row in self.wiring.rows[path]:
            for run in self._runs(row):
                yield from self._unfolded(run)

    def _runs(self, row: Row) -> list[str]:
        """The first of those runs of a row that have the same parts."""
        found: dict[tuple[str, ...], str] = {}
        for step in row.steps:
            rows = self.wiring.rows[step.inner.path] if step.inner else ()
            if rows and step.inner:
                found.setdefault(tuple(r.name for r in rows), step.inner.path)
        return [*found.values()]

    def text(self) -> str:
        title = heading_of(self.diagram)
        style = self._style()
        digest = b64encode(sha256(style.encode()).digest()).decode()
        policy = f"default-src 'none'; style-src 'sha256-{digest}'"
        lines = [
            "<!doctype html>",
            f"<!-- {MADE} -->",
            '<html lang="en">',
            "<head>",
            '<meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{escape(title)}</title>",
            f"<style>{style}</style>",
            "</head>",
            '<body class="archspec">',
            f"<header><h1>{escape(title)}</h1>",
            f"<p>{escape(sizes(self.diagram, self.share))}</p></header>",
            f"<main>{self._picture(ROOT)}",
            *self._aside(),
            "</main>",
            f"<footer>{key([*self.graphs.values()], FOOT)}</footer>",
            "</body>",
            "</html>",
        ]
        return "\n".join(lines) + "\n"

    def _style(self) -> str:
        own = (resources.TEMPLATES / "web" / "drawing.css").read_text("utf-8")
        chosen = "".join(
            f'body:has(#{id}:target) a[href="#{id}"] rect{{stroke-width:2.5}}'
            for id in self.ids.values()
        )
        return f"{stylesheet()}{own}{colour_rules()}{chosen}"

    def _aside(self) -> Iterator[str]:
        inner = [path for path in self.ids if path != ROOT]
        if not inner:
            return
        yield '<aside aria-label="Block">'
        yield '<p class="hint">Select a block to unfold it.</p>'
        yield from map(self._section, inner)
        yield "</aside>"

    def _section(self, path: str) -> str:
        block = self.network.document.blocks[self.wiring.uses[path].block or ""]
        return "\n".join(
            [
                f'<section id="{self.ids[path]}">',
                f"<nav>{self._trail(path)}</nav>",
                f"<h2>{escape(block.name)}</h2>",
                f"<p>{escape(one_line(block.summary or ''))}</p>",
                self._picture(path),
                *self._other_runs(path),
                "</section>",
            ]
        )

    def _trail(self, path: str) -> str:
        """Links to the network and to the blocks around one."""
        around = [p for p in self.ids if path.startswith(f"{p}.")]
        links = [f'<a href="#">{escape(self.network.name)}</a>']
        before = ""
        for outer in (*around, path):
            name = escape(outer[len(before) :].removeprefix("."))
            is_last = outer == path
            links.append(
                name if is_last else f'<a href="#{self.ids[outer]}">{name}</a>'
            )
            before = outer
        return " / ".join(links)

    def _other_runs(self, path: str) -> Iterator[str]:
        """Links to runs of the same row with other parts."""
        around = [p for p in self.ids if path.startswith(f"{p}.")]
        for row in self.wiring.rows[around[-1] if around else ROOT]:
            others = [run for run in self._runs(row) if run != path]
            if others and len(others) < len(self._runs(row)):
                links = (f'<a href="#{self.ids[o]}">{escape(o)}</a>' for o in others)
                yield f"<p>Other runs: {', '.join(links)}</p>"

    def _picture(self, path: str) -> str:
        graph = self.graphs[path]
        percents, bars = costs(self.diagram, graph, self.share)
        is_network = path == ROOT
        scene = layout(graph, is_network=is_network, percents=percents, bars=bars)
        runs = {row.name: self._runs(row) for row in self.wiring.rows[path]}
        links = {
            number: f"#{self.ids[runs[node.name][0]]}"
            for number, node in enumerate(graph.nodes)
            if isinstance(node, Box) and node.mark != REMOVED and runs[node.name]
        }
        return picture(scene, links)
