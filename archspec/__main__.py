"""The command, and `python -m archspec`: quick to start."""

import gc
import io
import os
import sys


def main() -> None:
    """Run the command line and exit."""
    # A command is over before there is anything worth collecting.
    gc.disable()
    # Looking for plugins in all that is installed takes longer than counting.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    from archspec.cli import app

    try:
        app()
    finally:
        gc.freeze()  # or the interpreter looks through everything before it exits


if __name__ == "__main__":
    main()
