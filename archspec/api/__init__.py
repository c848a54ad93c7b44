"""What `import archspec` offers, and all that the command line stands on.

A module is imported with what it needs; so `specs` is without Pydantic, and NumPy is
loaded where there are weights.
"""
