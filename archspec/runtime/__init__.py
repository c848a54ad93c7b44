"""Generated modules at work, each framework in a process of its own.

`session.py` starts a process and gives it orders; `child.py` is the process;
`torch.py`, `keras.py` and `onnx.py` are what it does in each framework. Only generated
code is run, never a file of the user's; arrays travel in files, all else as JSON.
"""
