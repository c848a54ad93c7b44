"""The command, and `python -m archspec`: quick to start."""

import gc
import importlib
import io
import sys
from types import ModuleType
from typing import Any

_PLUGINS = "pydantic.plugin._loader"


class _NoPlugins(ModuleType):
    """Stands for Pydantic's search for plugins, which we have no use for.

    Merely importing it takes longer than to count a network. Whatever else is asked of
    it, the real one answers.
    """

    @staticmethod
    def get_plugins() -> tuple[()]:
        return ()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        sys.modules.pop(_PLUGINS, None)
        return getattr(importlib.import_module(_PLUGINS), name)


def main() -> None:
    """Run the command line and exit."""
    # A command is over before there is anything worth collecting.
    gc.disable()
    sys.modules.setdefault(_PLUGINS, _NoPlugins(_PLUGINS))
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    from archspec.beforehand import refuse

    try:
        refuse(sys.argv[1:])
        from archspec.cli import program

        program(sys.argv[1:])()
    finally:
        gc.freeze()  # or the interpreter looks through everything before it exits


if __name__ == "__main__":
    main()
