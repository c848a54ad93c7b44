"""ONNX: a network in a `.onnx` file, whoever wrote it."""
