"""The line before the engine: one at a time, readers in turn, and nobody waits who has left."""

from __future__ import annotations

import threading

from app_helpers import until

from web.line import Line


def in_line(line: Line, reader: str, entered: list[str], leave: threading.Event, stop: threading.Event) -> list[int]:
    """Stands in line in a thread of its own; the places it is told of."""
    places: list[int] = []

    def wait() -> None:
        with line.enter(reader, stop, places.append) as my_turn:
            if my_turn:
                entered.append(reader)
                leave.wait(5)

    before = len(line._waiting) + len(line._inside)
    threading.Thread(target=wait, daemon=True).start()
    until(lambda: len(line._waiting) + len(line._inside) > before)
    return places


def test_nobody_waits_at_an_empty_line() -> None:
    told: list[int] = []
    with Line().enter("anna", threading.Event(), told.append) as my_turn:
        assert my_turn
    assert told == []


def test_one_at_a_time_and_each_is_told_its_place() -> None:
    line, entered, stop = Line(), list[str](), threading.Event()
    gates = {name: threading.Event() for name in ("anna", "boris", "clara")}
    places = {name: in_line(line, name, entered, gate, stop) for name, gate in gates.items()}
    until(lambda: places["clara"] == [2])
    assert entered == ["anna"]
    gates["anna"].set()
    until(lambda: entered == ["anna", "boris"] and places["clara"] == [2, 1])
    gates["boris"].set()
    until(lambda: entered == ["anna", "boris", "clara"])
    gates["clara"].set()


def test_a_second_question_waits_for_everybodys_first() -> None:
    line, entered, stop, leave = Line(), list[str](), threading.Event(), threading.Event()
    for reader in ("anna", "anna", "anna", "boris", "clara"):
        in_line(line, reader, entered, leave, stop)
    leave.set()
    until(lambda: len(entered) == 5)
    assert entered == ["anna", "boris", "clara", "anna", "anna"]


def test_who_is_stopped_leaves_the_line_at_once() -> None:
    line, entered = Line(), list[str]()
    leave, stop = threading.Event(), threading.Event()
    in_line(line, "anna", entered, leave, threading.Event())
    in_line(line, "boris", entered, leave, stop)
    places = in_line(line, "clara", entered, leave, threading.Event())
    stop.set()
    until(lambda: places == [2, 1])
    leave.set()
    until(lambda: entered == ["anna", "clara"])


def test_an_error_inside_lets_the_next_one_in() -> None:
    line = Line()
    try:
        with line.enter("anna", threading.Event(), print):
            raise RuntimeError
    except RuntimeError:
        pass
    with line.enter("boris", threading.Event(), print) as my_turn:
        assert my_turn
