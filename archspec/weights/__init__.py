"""Weights, moved between a network's own order and a framework's."""
