"""A page for each bundled network: its picture, costs, spec and generated code."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import archspec

ROOT = Path(__file__).resolve().parents[2]
FOLDER = Path("docs/networks")
LABELS = {"torch": "PyTorch", "keras": "Keras", "nnx": "Flax NNX"}


def network_pages(
    networks: dict[str, archspec.Network],
) -> Iterator[tuple[Path, str]]:
    """The page of each network, and that with the pictures of all, by their paths."""
    for name, network in networks.items():
        yield FOLDER / f"{name}.md", network_page(name, network)
    yield FOLDER / "index.md", gallery(networks)


def network_page(name: str, network: archspec.Network) -> str:
    """The picture of one network, its costs, and links to its spec and source."""
    _, _, costs = network.table("markdown").partition("\n\n")
    return f"""\
# {network.name}

{network.document.summary or ""}

{published(network)}

{code_of(name)}

{inline(network.draw("svg"))}

## Costs

{costs}

The [zoo](../zoo.md#{network.name.lower()}) compares these figures with published ones
and lists all variants. [Counting rules](../costs.md).

## Spec

```yaml
{archspec.spec_source(name).rstrip()}
```
"""


def published(network: archspec.Network) -> str:
    """Where the network was published, as a link if it has one."""
    source = network.document.source
    if source is None:
        return ""
    return f"[{source.title}]({source.url})" if source.url else source.title


def code_of(name: str) -> str:
    """Links to the source for each framework, and to the report."""
    sources = [
        f"[{LABELS[target]}](../../generated/{target}/{name}.py)"
        for target in archspec.source_targets()
        if (ROOT / "generated" / target / f"{name}.py").exists()
    ]
    report = f'<a href="reports/{name}.html">Report</a>'
    return f"Source: {' · '.join(sources)} · {report}"


def inline(svg: str) -> str:
    """A picture as HTML in Markdown, where a blank line would end it."""
    lines = (line for line in svg.splitlines() if line.strip())
    return (
        '<div class="network-picture" tabindex="0">\n' + "\n".join(lines) + "\n</div>"
    )


def gallery(networks: dict[str, archspec.Network]) -> str:
    """A card with a picture for each network."""
    cards = "\n".join(card(name, network) for name, network in networks.items())
    pages = "\n".join(networks)
    return f"""\
# Networks

Every bundled network: its picture, its costs, its spec, and its source for each
framework. Start from one with `archspec init --from NAME`.

<ul class="gallery">
{cards}
</ul>

```{{toctree}}
:hidden:

{pages}
```
"""


def card(name: str, network: archspec.Network) -> str:
    """An entry of the gallery."""
    parameters, macs = millions(network.trainable_parameters), millions(network.macs)
    return (
        f'<li><a href="{name}.html">'
        f'<img src="pictures/{name}.svg" alt="" loading="lazy">'
        f"<strong>{network.name}</strong>"
        f"<span>{parameters} parameters · {macs} MACs</span></a></li>"
    )


def millions(number: int) -> str:
    """3.5 M, or 4.1 G from a thousand million."""
    return f"{number / 1e9:.1f} G" if number >= 1e9 else f"{number / 1e6:.1f} M"
