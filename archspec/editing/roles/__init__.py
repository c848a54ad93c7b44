"""What each key and each value of a document is, be the document complete or not.

`roles` walks an outline as the language reads it, and yields every key and scalar with
its meaning: a layer's name, an op, an attribute, an expression and the names that it
sees. Hovers, completion, definitions and renaming ask it for the role at the cursor.
"""

from archspec.editing.roles.known import Symbol, columns_of, entries_at, signature
from archspec.editing.roles.role import Role
from archspec.editing.roles.sections import roles

__all__ = ["Role", "Symbol", "columns_of", "entries_at", "roles", "signature"]
