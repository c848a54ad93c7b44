"""Frameworks at work side by side, each with a queue of orders."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from typing import NamedTuple

from archspec.runtime.order import Order, read_arrays
from archspec.runtime.session import Answer, Session
from archspec.verification.compare import Found


class Ran(NamedTuple):
    """What a framework made of an order; `found` is empty if it failed."""

    answer: Answer
    found: Found


class Worker:
    """A framework's process, and the orders that wait for it."""

    def __init__(self, framework: str, seconds: float, threads: int):
        """Start the process; raises FrameworkMissing."""
        self.framework = framework
        self.settings = framework, seconds, threads
        self.session = Session(*self.settings)
        self.queue = ThreadPoolExecutor(1)

    def submit(self, order: Order) -> Future[Ran]:
        """Have it carried out when its turn comes, by a process that is alive.

        What waits for one that dies fails with it, and starts no other: nobody would
        end that one.
        """
        if self.session.dead:
            self.session.close()
            self.session = Session(*self.settings)
        return self.queue.submit(self._run, self.session, order)

    @staticmethod
    def _run(session: Session, order: Order) -> Ran:
        answer = session.ask(order)
        written = not answer.fault and order.task in {"run", "train"}
        return Ran(answer, read_arrays(order.result) if written else {})

    def close(self) -> None:
        """End the process, whatever it is doing."""
        # No order may start once the process has ended: it would start another one.
        self.queue.shutdown(wait=False, cancel_futures=True)
        self.session.kill()
        self.queue.shutdown()
        self.session.close()
