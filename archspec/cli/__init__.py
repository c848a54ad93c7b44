"""The command line: a thin, quick-starting layer over `archspec.api`.

Data goes to stdout, messages to stderr. Exit codes: 0 fine; 1 a check found a
difference; 2 bad usage, a bad spec, bad weights; 3 refused to overwrite; 4 a framework
is missing. Commands import what they need: `--help` nothing, `flops` no templates.
"""

import gc
import io
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import NoReturn


def main() -> None:
    """Run the command line and exit."""
    # A command is over before there is anything worth collecting.
    gc.disable()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        signal.signal(signal.SIGTERM, _end)
        if sys.stderr is not None and (note := _other_archspec()):
            print(f"note: {note}", file=sys.stderr)
        from archspec.cli.beforehand import refuse

        refuse(sys.argv[1:])
        from archspec.cli.commands import program

        program(sys.argv[1:])()
    except KeyboardInterrupt:
        sys.exit(128 + signal.SIGINT)
    except OSError as error:
        _give_up(error)
    finally:
        gc.freeze()  # or the interpreter looks through everything before it exits


def _other_archspec() -> str:
    """What to do if Spack's archspec shares our folder, or removed files of ours.

    It has the same import package and command. Both commands run `main` here, since our
    package `cli` takes precedence over its `cli.py`.
    """
    package = sys.modules["archspec"]
    if Path(package.__path__[0], "cpu", "__init__.py").exists():
        return (
            "Spack's archspec is in this environment and overwrites files of "
            "archspec-nn; use an isolated one: pipx install archspec-nn"
        )
    if package.__file__ is None:
        return (
            "uninstalling Spack's archspec removed files of archspec-nn; "
            "restore them: pip install --force-reinstall --no-deps archspec-nn"
        )
    return ""


def _end(number: int, frame: object) -> NoReturn:
    """End by an exception, lest folders and processes be left behind."""
    sys.exit(128 + number)


def _give_up(error: OSError) -> NoReturn:
    """End where the world refuses: a full disk behind stdout, no temporary folder."""
    where = f" {error.filename}" if error.filename else ""
    message = f"error[AS505]: cannot read or write{where}: {error.strerror or error}"
    with suppress(OSError):
        print(message, file=sys.stderr, flush=True)
    # What is still in a buffer would be told again at the very end.
    for number in (1, 2):
        with suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), number)
    sys.exit(2)
