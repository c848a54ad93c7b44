"""The cost of a network: as data (`cost`) and as text (`table`)."""
