"""The public API, and the only part of archspec that the command line imports.

Each module imports what it needs: only `weights` needs NumPy.
"""
