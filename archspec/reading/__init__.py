"""Text to a tree that knows its places, and what no spec may hold whatever it means.

Nothing here needs Pydantic: a hostile document is refused before that is loaded.
"""

from archspec.reading.source import Source, bundled_specs, find_spec, read_source

__all__ = ["Source", "bundled_specs", "find_spec", "read_source"]
