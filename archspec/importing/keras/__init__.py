"""Keras models, from their configuration and weights; nothing of a file is run."""
