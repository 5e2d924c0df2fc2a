"""The queue before the engine: one question at a time, readers in turn.

A small model on two cores answers two questions at once in more time than one after the other, because each throws away
what the engine has read for the other.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(eq=False)
class _Ticket:
    round: int
    number: int
    told: int | None = None


class FairQueue:
    """Lets one question through at a time, in rounds: nobody has two questions in one round.

    Fair queueing by start numbers (Goyal, Vin and Cheng, 1996), with every question taken to cost the same.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._waiting: list[_Ticket] = []
        self._inside: _Ticket | None = None
        self._round = 0  # of the question that was let through last
        self._rounds: dict[str, int] = {}  # of each reader's last question, where that is still to come
        self._numbers = 0

    @contextmanager
    def enter(self, reader: str, stop: threading.Event, tell: Callable[[int], None]) -> Iterator[bool]:
        """Waits for its turn and yields True; yields False as soon as `stop` is set instead.

        `tell(place)` is called with the place in the queue (1 is next) whenever that changes; not if there is no wait.
        """
        with self._changed:
            self._numbers += 1
            ticket = _Ticket(max(self._round, self._rounds.get(reader, -1) + 1), self._numbers)
            self._rounds[reader] = ticket.round
            self._waiting.append(ticket)
        try:
            yield self._wait(ticket, stop, tell)
        finally:
            with self._changed:
                if self._inside is ticket:
                    self._inside = None
                else:
                    self._waiting.remove(ticket)
                self._changed.notify_all()

    def _wait(self, ticket: _Ticket, stop: threading.Event, tell: Callable[[int], None]) -> bool:
        with self._changed:
            while not stop.is_set():
                before = sum((other.round, other.number) < (ticket.round, ticket.number) for other in self._waiting)
                place = before + 1
                if place == 1 and self._inside is None:
                    self._waiting.remove(ticket)
                    self._inside = ticket
                    self._begin(ticket.round)
                    return True
                if place != ticket.told:
                    ticket.told = place
                    tell(place)
                self._changed.wait(0.2)  # `stop` does not notify
            return False

    def _begin(self, round: int) -> None:
        self._round = max(self._round, round)
        self._rounds = {reader: last for reader, last in self._rounds.items() if last >= self._round}
        self._changed.notify_all()
