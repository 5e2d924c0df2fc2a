"""The queue before the engine: one at a time, readers in turn, and nobody waits who has left."""

from __future__ import annotations

import threading

import pytest
from app_helpers import until

from web.queue import FairQueue


class Counter:
    """Readers who stand in the queue, each in a thread of its own, until they are let go."""

    def __init__(self) -> None:
        self.queue, self.entered, self.leave = FairQueue(), "", threading.Semaphore(0)

    def join(self, reader: str, stop: threading.Event | None = None) -> list[int]:
        """The places that this reader is told of."""
        places: list[int] = []

        def wait() -> None:
            with self.queue.enter(reader, stop or threading.Event(), places.append) as my_turn:
                if my_turn:
                    self.entered += reader
                    self.leave.acquire(timeout=5)

        before = self.entered
        threading.Thread(target=wait, daemon=True).start()
        until(lambda: bool(places) or self.entered != before)
        return places


@pytest.mark.parametrize(("asked", "served"), [("a", "a"), ("abc", "abc"), ("aaabc", "abcaa"), ("abaac", "abcaa")])
def test_one_at_a_time_and_nobody_twice_before_everybody_once(asked: str, served: str) -> None:
    counter = Counter()
    places = [counter.join(reader) for reader in asked]
    assert counter.entered == served[0]
    assert places[0] == []
    for count in range(1, len(served)):
        counter.leave.release()
        until(lambda: len(counter.entered) > count)  # noqa: B023
        assert counter.entered == served[: count + 1]


def test_who_stops_or_fails_makes_room_and_each_is_told_their_place() -> None:
    counter, stop = Counter(), threading.Event()
    with pytest.raises(RuntimeError), counter.queue.enter("anna", threading.Event(), print):
        boris, clara = counter.join("b", stop), counter.join("c")
        assert (boris, clara) == ([1], [2])
        stop.set()
        until(lambda: clara == [2, 1])
        raise RuntimeError
    until(lambda: counter.entered == "c")
