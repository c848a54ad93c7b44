"""Weights: one canonical file a network, moved to every target and from it.

`canonical.py` is our own file, `moves.py` the names and axes of targets, `formats.py`
the files of targets, `adoption/` what other people's checkpoints mean.
"""
