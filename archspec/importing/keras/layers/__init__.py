"""What each of Keras's layers is in the language."""

from archspec.importing.keras.layers import normalisation as normalisation
from archspec.importing.keras.layers import pointwise as pointwise
from archspec.importing.keras.layers import sizes as sizes
from archspec.importing.keras.layers import weighted as weighted
from archspec.importing.keras.layers.registry import LAYERS as LAYERS
from archspec.importing.keras.layers.registry import Use as Use
from archspec.importing.keras.layers.registry import channels_last as channels_last
from archspec.importing.keras.layers.registry import is_list as is_list
