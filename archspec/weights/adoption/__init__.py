"""Match the layers of a network with a checkpoint of another implementation."""

from archspec.weights.adoption.adopt import Adoption, adopt

__all__ = ["Adoption", "adopt"]
