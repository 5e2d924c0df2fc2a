"""The engine that all readers share: there or not, changed, and asked no oftener than it may be."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from app_helpers import QUESTION, RIGHT, client, says, served, until
from checking import CheckedAssistant
from ollama_double import OllamaDouble, loaded, slow

from rag.errors import ModelMissing, Stopped
from web.engine_room import EngineRoom, Entered, Preparing, Told
from web.errors import TooManyQuestions

SMALL, LARGE = "qwen2.5-coder:0.5b", "qwen2.5-coder:1.5b"


@pytest.fixture
def ollama() -> Iterator[OllamaDouble]:
    with OllamaDouble(chat=says(RIGHT)) as double:
        yield double


@pytest.fixture
def dateline(seeds_dir: Path, ollama: OllamaDouble) -> Iterator[CheckedAssistant]:
    with CheckedAssistant(seeds_dir, "ollama", SMALL, ollama_host=ollama.url) as dateline:
        yield dateline


@pytest.fixture
def room(dateline: CheckedAssistant) -> EngineRoom:
    return EngineRoom(dateline)


def pass_through(room: EngineRoom, then: Callable[[], Any] = lambda: None, **how: Any) -> list[Told]:
    """Goes in and out; what was told on the way."""
    told: list[Told] = how.get("told", [])
    with room.enter("anna", how.get("stop", threading.Event()), told.append):
        then()
    return told


def in_a_thread(work: Callable[[], Any]) -> threading.Thread:
    running = threading.Thread(target=work, daemon=True)
    running.start()
    return running


def test_the_first_question_has_the_model_loaded_and_it_is_ready_when_that_is_done(
    seeds_dir: Path,
) -> None:
    gate, told = threading.Event(), list[Told]()
    with (
        OllamaDouble(load=slow(gate, loaded)) as ollama,
        CheckedAssistant(seeds_dir, "ollama", SMALL, ollama_host=ollama.url, timeout=0.1) as dateline,
    ):
        room = EngineRoom(dateline)
        asking = in_a_thread(lambda: pass_through(room, told=told))
        until(lambda: bool(ollama.loads))
        assert not gate.wait(0.5)  # longer than a silence may be in an answer
        assert (room.state().phase, told) == ("loading", [Preparing("loading", 0)])
        gate.set()
        asking.join(5)
        assert told == [Preparing("loading", 0), Entered()]
        assert pass_through(room) == [Entered()]
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
    pass_through(room)
    ollama.leave()
    until(lambda: room.state().phase == "lost", seconds=10)
    assert "`ollama serve`" in room.state().trouble
    assert [one.engine for one in room.offers()] == ["embedded"]
    ollama.come_back()
    until(lambda: room.state().phase == "ready", seconds=10)


def test_another_model_answers_the_next_question_and_waits_for_the_one_that_is_being_written(
    room: EngineRoom, dateline: CheckedAssistant, ollama: OllamaDouble
) -> None:
    pass_through(room)
    gate, answered, stop = threading.Event(), list[str](), threading.Event()

    def ask() -> None:
        answered.append(dateline.ask(QUESTION).model)

    stay = threading.Event()
    asking = in_a_thread(lambda: pass_through(room, lambda: (ask(), stay.set(), gate.wait(10))))
    assert stay.wait(10)
    room.use("ollama", LARGE)
    assert room.state().model == SMALL

    # who stops does not wait for the change
    told = list[Told]()

    def go() -> None:
        with pytest.raises(Stopped):
            pass_through(room, stop=stop, told=told)

    going = in_a_thread(go)
    until(lambda: told == [Preparing("loading", 0)])
    stop.set()
    going.join(5)
    assert not going.is_alive()
    gate.set()
    asking.join(10)
    pass_through(room, ask)
    assert answered == [SMALL, LARGE]
    assert (ollama.chats[0]["model"], ollama.chats[-1]["model"]) == (SMALL, LARGE)


def test_who_asks_too_often_waits_and_others_do_not(dateline: CheckedAssistant) -> None:
    room = EngineRoom(dateline, questions_per_minute=2)
    room.admit("anna")
    room.admit("anna")
    with pytest.raises(TooManyQuestions, match=r"ask again in \d+ s"):
        room.admit("anna")
    room.admit("boris")
    asked: dict[str, Any] = {"json": {"question": QUESTION, "messages": [{"role": "user", "content": QUESTION}]}}
    with served(dateline, questions_per_minute=1) as url, client(url) as http:
        assert http.post("/api/ask", **asked).status_code == 200
        again = http.post("/api/ask", **asked)
        assert (again.status_code, "ask again in" in again.text) == (429, True)
        assert 1 <= int(again.headers["Retry-After"]) <= 60
        assert http.post("/v1/chat/completions", **asked).status_code == 429
        assert http.get("/api/search?q=Homs").status_code == 200
        # and the badge is changed over HTTP, for everybody
        assert http.post("/engine/use", data={"engine": "ollama", "model": LARGE}).status_code == 200
        until(lambda: f"{LARGE}<span" in http.get("/engine").text)
        refused = http.post("/engine/use", data={"engine": "ollama", "model": "<b>none</b>"})
        assert (refused.status_code, "&lt;b&gt;none" in refused.text) == (409, True)
