"""Words of PyTorch, Keras, timm, JAX and papers: ours, or what to do instead.

An entry is read only for a word that the language lacks. So a new op takes effect at
once, and its entry goes.
"""

from archspec.synonyms.glossary import Glossary, plain
from archspec.synonyms.keys import BESIDE, KEYS
from archspec.synonyms.ops import ATTRIBUTES, OPS_AND_BLOCKS
from archspec.synonyms.values import FUNCTIONS, VALUES

__all__ = [
    "ATTRIBUTES",
    "BESIDE",
    "FUNCTIONS",
    "KEYS",
    "OPS_AND_BLOCKS",
    "VALUES",
    "Glossary",
    "plain",
]
