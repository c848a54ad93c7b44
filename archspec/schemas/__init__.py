"""The JSON Schema of specs, made of the ops, the standard blocks and the grammar.

A document that it refuses is refused by `archspec check`, too; the reverse does not
hold, since a schema knows neither names nor shapes.
"""

from archspec.schemas.document import schema

__all__ = ["schema"]
