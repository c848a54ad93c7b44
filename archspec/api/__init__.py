"""The public API, and the only part of archspec that the command line imports.

Each module imports what it needs: `specs` works without Pydantic, only `weights` needs
NumPy.
"""
