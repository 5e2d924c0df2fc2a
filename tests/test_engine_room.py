"""The engine that all readers share: there or not, changed, one question at a time, and no oftener than it may be."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, Self

import pytest
from app_helpers import QUESTION, RIGHT, client, on_ollama, says, served, until
from checking import CheckedAssistant
from ollama_double import OllamaDouble, loaded, slow

from rag.errors import ModelMissing, Stopped
from web.badge import engine_html
from web.engine_room import EngineRoom, Entered, Preparing, State, Told, Waiting
from web.errors import TooManyQuestions

SMALL, LARGE = "qwen2.5-coder:0.5b", "qwen2.5-coder:1.5b"


@pytest.fixture
def ollama() -> Iterator[OllamaDouble]:
    with OllamaDouble(chat=says(RIGHT)) as double:
        yield double


@pytest.fixture
def room(seeds_dir: Path, ollama: OllamaDouble) -> Iterator[EngineRoom]:
    with on_ollama(seeds_dir, ollama, SMALL) as dateline:
        yield EngineRoom(dateline)


class Visit:
    """Somebody goes in and out, in a thread of their own: what they are told on the way, and what came of it."""

    threads = ThreadPoolExecutor(9)

    def __init__(self, room: EngineRoom, then: Callable[[], Any] = lambda: None, reader: str = "anna") -> None:
        self.told, self.stop = list[Told](), threading.Event()
        self.done = self.threads.submit(self._go, room, then, reader)

    def _go(self, room: EngineRoom, then: Callable[[], Any], reader: str) -> None:
        with room.enter(reader, self.stop, self.told.append):
            then()

    def begun(self) -> Self:
        """The same, once they were told something."""
        until(lambda: bool(self.told))
        return self


@pytest.mark.parametrize(("asked", "served"), [("a", "a"), ("abc", "abc"), ("aaabc", "abcaa"), ("abaac", "abcaa")])
def test_one_at_a_time_and_nobody_twice_before_everybody_once(room: EngineRoom, asked: str, served: str) -> None:
    entered, leave = list[str](), threading.Semaphore(0)

    def write(reader: str) -> None:
        entered.append(reader)
        leave.acquire(timeout=5)

    Visit(room).done.result(5)  # it is ready
    visits = [Visit(room, partial(write, reader), reader).begun() for reader in asked]
    assert visits[0].told == [Entered()]
    for count in range(1, len(served) + 1):
        until(lambda count=count: len(entered) >= count)
        assert "".join(entered) == served[:count]
        leave.release()


def test_who_stops_or_fails_makes_room_and_each_is_told_their_place(room: EngineRoom) -> None:
    Visit(room).done.result(5)
    fails = threading.Event()
    anna = Visit(room, lambda: fails.wait(30) and 1 / 0).begun()
    boris, clara = Visit(room, reader="boris").begun(), Visit(room, reader="clara").begun()
    assert (boris.told, clara.told) == ([Waiting(1)], [Waiting(2)])
    boris.stop.set()
    until(lambda: clara.told == [Waiting(2), Waiting(1)])
    fails.set()
    clara.done.result(5)
    assert isinstance(boris.done.exception(5), Stopped)
    assert isinstance(anna.done.exception(5), ZeroDivisionError)


def test_the_first_question_has_the_model_loaded_and_it_is_ready_when_that_is_done(seeds_dir: Path) -> None:
    gate = threading.Event()
    with OllamaDouble(load=slow(gate, loaded)) as ollama, on_ollama(seeds_dir, ollama, SMALL, timeout=0.1) as dateline:
        room = EngineRoom(dateline)
        first = Visit(room)
        until(lambda: bool(ollama.loads))
        assert not gate.wait(0.5)  # longer than a silence may be in an answer
        assert (room.state().phase, first.told) == ("loading", [Preparing("loading", 0)])
        gate.set()
        first.done.result(5)
        second = Visit(room)
        second.done.result(5)
        assert (first.told, second.told) == ([Preparing("loading", 0), Entered()], [Entered()])
        assert [load["model"] for load in ollama.loads] == [SMALL]
        state = room.state()
        assert (state.phase, state.engine, state.model) == ("ready", "ollama", SMALL)


def test_what_is_there_can_be_chosen_and_nothing_else(room: EngineRoom, seeds_dir: Path) -> None:
    (embedded, _), *on_ollama = [(one.engine, one.model) for one in room.offers()]
    assert (embedded, on_ollama) == ("embedded", [("ollama", SMALL), ("ollama", LARGE)])
    with pytest.raises(ModelMissing, match="choose another"):
        room.use("embedded", "/etc/passwd")
    with CheckedAssistant(seeds_dir, "embedded", ollama_host="127.0.0.1:99999") as dateline:
        no_address = EngineRoom(dateline)
        assert [one.engine for one in no_address.offers()] == ["embedded"]
        assert no_address.state().engine == "embedded"


def test_an_ollama_that_has_left_is_seen_and_so_is_its_return(room: EngineRoom, ollama: OllamaDouble) -> None:
    Visit(room).done.result(5)
    ollama.leave()
    until(lambda: room.state().phase == "lost", seconds=10)
    assert "`ollama serve`" in room.state().trouble
    assert [one.engine for one in room.offers()] == ["embedded"]
    ollama.come_back()
    until(lambda: room.state().phase == "ready", seconds=10)


def test_another_model_waits_for_the_answer_that_is_being_written(room: EngineRoom, ollama: OllamaDouble) -> None:
    gate, answered = threading.Event(), list[str]()

    def ask() -> None:
        answered.append(room.assistant.ask(QUESTION).model)

    writing = Visit(room, lambda: (ask(), gate.wait(10)))
    until(lambda: answered == [SMALL], seconds=10)
    room.use("ollama", LARGE)
    assert room.state().model == SMALL
    waiting = Visit(room)  # for the change
    until(lambda: waiting.told == [Preparing("loading", 0)])
    waiting.stop.set()
    assert isinstance(waiting.done.exception(5), Stopped)
    assert not writing.done.done()
    gate.set()
    Visit(room, ask).done.result(10)
    assert answered == [SMALL, LARGE]
    assert (ollama.chats[0]["model"], ollama.chats[-1]["model"]) == (SMALL, LARGE)


def test_the_badge_says_how_it_is_and_what_can_be_done() -> None:
    for state, words in (
        (State("fetching", "embedded", "m", 270_000_000, 1_000_000_000), "270 of 1,000 MB"),
        (State("paused", "embedded", "m"), "Go on"),
        (State("lost", trouble="<b>gone</b>"), "&lt;b&gt;gone"),
    ):
        assert words in engine_html(state, ())


def test_who_asks_too_often_waits_and_others_do_not(room: EngineRoom) -> None:
    limited = EngineRoom(room.assistant, questions_per_minute=2)
    for reader in ("anna", "anna", "boris"):
        limited.admit(reader)
    with pytest.raises(TooManyQuestions, match=r"ask again in \d+ s"):
        limited.admit("anna")
    asked: dict[str, Any] = {"json": {"question": QUESTION, "messages": [{"role": "user", "content": QUESTION}]}}
    with served(room.assistant, questions_per_minute=1) as url, client(url) as http:
        assert http.post("/api/ask", **asked).status_code == 200
        again = http.post("/api/ask", **asked)
        assert (again.status_code, "ask again in" in again.text) == (429, True)
        assert 1 <= int(again.headers["Retry-After"]) <= 60
        assert http.post("/v1/chat/completions", **asked).status_code == 429
        assert http.get("/api/search?q=Homs").status_code == 200
        # and the badge is changed over HTTP, for everybody
        for act in ("prepare", "pause"):
            assert '<details class="engine ' in http.post(f"/engine/{act}").text
        assert http.post("/engine/use", data={"engine": "ollama", "model": LARGE}).status_code == 200
        until(lambda: f"{LARGE}<span" in http.get("/engine").text)
        refused = http.post("/engine/use", data={"engine": "ollama", "model": "<b>none</b>"})
        assert (refused.status_code, "&lt;b&gt;none" in refused.text) == (409, True)
