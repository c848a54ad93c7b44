"""Text to a tree with places, and checks of the text alone.

It needs none of the ops: a hostile document is refused before they are loaded.
"""

from archspec.reading.source import (
    Source,
    bundled_specs,
    find_spec,
    parsed,
    read_source,
    specs_in,
)

__all__ = ["Source", "bundled_specs", "find_spec", "parsed", "read_source", "specs_in"]
