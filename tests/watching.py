"""A running `archspec watch`, for the tests of the command and of the tutorial."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from queue import Queue
from threading import Thread

SECONDS = 30
"""What a test waits for a line or for the end of the process."""


class Watched:
    """A running `archspec watch`, and the lines that it prints."""

    def __init__(self, folder: Path, *arguments: str):
        command = [sys.executable, "-m", "archspec", "watch", *arguments]
        self.process = subprocess.Popen(
            command,
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.lines = Queue[str]()
        self.thread = Thread(target=self._read)
        self.thread.start()

    def _read(self) -> None:
        for line in self.process.stdout or ():
            self.lines.put(line)

    def next(self) -> dict:
        """The object on the next line."""
        return json.loads(self.lines.get(timeout=SECONDS))

    def until(self, text: str) -> str:
        """What is printed up to a line with this text."""
        found = ""
        while text not in found:
            found += self.lines.get(timeout=SECONDS)
        return found

    def close(self) -> None:
        """End the process, by force if it runs, and the reader of its lines."""
        self.process.kill()
        self.process.wait()
        self.thread.join()
        assert self.process.stdout
        self.process.stdout.close()

    def stop(self) -> int:
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(timeout=SECONDS)
