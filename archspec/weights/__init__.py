"""Weights: one canonical file a network, moved to every target and from it.

`canonical.py` is our own file, `moves.py` the names and axes of targets, `files.py`
their files, `adoption/` what other people's checkpoints mean.
"""
