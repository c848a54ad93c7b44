"""Somebody else's checkpoint for our network, layer by layer."""

from archspec.weights.adoption.adopt import Adoption, adopt

__all__ = ["Adoption", "adopt"]
