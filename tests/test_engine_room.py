"""The engine that all readers share: there or not, changed, and asked no oftener than it may be."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from app_helpers import QUESTION, RIGHT, says, served, until
from checking import CheckedAssistant
from ollama_double import OllamaDouble, loaded, slow

from rag.errors import ModelMissing
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


def pass_through(room: EngineRoom) -> list[Told]:
    """Goes in and out; what it was told on the way."""
    told: list[Told] = []
    with room.enter("anna", threading.Event(), told.append):
        return told


def test_the_first_question_has_the_model_loaded(room: EngineRoom, ollama: OllamaDouble) -> None:
    assert pass_through(room) == [Preparing("loading", 0), Entered()]
    assert pass_through(room) == [Entered()]
    assert [load["model"] for load in ollama.loads] == [SMALL]
    state = room.state()
    assert (state.phase, state.engine, state.model) == ("ready", "ollama", SMALL)


def test_it_is_ready_when_the_model_is_loaded_and_not_before(seeds_dir: Path) -> None:
    gate = threading.Event()
    with (
        OllamaDouble(load=slow(gate, loaded)) as ollama,
        CheckedAssistant(seeds_dir, "ollama", SMALL, ollama_host=ollama.url, timeout=0.1) as dateline,
    ):
        room = EngineRoom(dateline)
        room.prepare()
        until(lambda: bool(ollama.loads))
        assert not gate.wait(0.5)  # longer than a silence may be in an answer
        assert room.state().phase == "loading"
        gate.set()
        until(lambda: room.state().phase == "ready")


def test_what_ollama_and_the_embedded_engine_have_can_be_chosen(room: EngineRoom) -> None:
    offers = [(one.engine, one.model) for one in room.offers()]
    assert offers[0][0] == "embedded"
    assert offers[1:] == [("ollama", SMALL), ("ollama", LARGE)]


def test_an_ollama_host_that_is_no_address_takes_nothing_from_the_embedded_engine(seeds_dir: Path) -> None:
    with CheckedAssistant(seeds_dir, "embedded", ollama_host="127.0.0.1:99999") as dateline:
        room = EngineRoom(dateline)
        assert [one.engine for one in room.offers()] == ["embedded"]
        assert room.state().engine == "embedded"


def test_an_ollama_that_has_left_is_seen_and_so_is_its_return(room: EngineRoom, ollama: OllamaDouble) -> None:
    pass_through(room)
    ollama.leave()
    until(lambda: room.state().phase == "lost", seconds=10)
    assert "`ollama serve`" in room.state().trouble
    assert [one.engine for one in room.offers()] == ["embedded"]
    ollama.come_back()
    until(lambda: room.state().phase == "ready", seconds=10)


def test_another_model_answers_the_next_question(
    room: EngineRoom, dateline: CheckedAssistant, ollama: OllamaDouble
) -> None:
    dateline.ask(QUESTION)
    room.use("ollama", LARGE)
    pass_through(room)
    answer = dateline.ask(QUESTION)
    assert (answer.model, ollama.chats[-1]["model"], ollama.chats[0]["model"]) == (LARGE, LARGE, SMALL)


def test_the_change_waits_for_the_answer_that_is_being_written(
    room: EngineRoom, dateline: CheckedAssistant, ollama: OllamaDouble
) -> None:
    gate = threading.Event()
    ollama.chat = slow(gate, says(RIGHT))
    models: list[str] = []

    def ask() -> None:
        with room.enter("anna", threading.Event(), lambda told: None):
            models.append(dateline.ask(QUESTION).model)

    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    until(lambda: bool(ollama.chats))
    room.use("ollama", LARGE)
    assert room.state().model == SMALL
    gate.set()
    asking.join(10)
    assert models == [SMALL]
    until(lambda: room.state().model == LARGE)


def test_what_is_not_offered_cannot_be_chosen(room: EngineRoom) -> None:
    with pytest.raises(ModelMissing, match="choose another"):
        room.use("embedded", "/etc/passwd")


def test_a_stopped_reader_does_not_wait_for_a_change(room: EngineRoom) -> None:
    pass_through(room)
    stop, leave, inside = threading.Event(), threading.Event(), threading.Event()

    def stay() -> None:
        with room.enter("anna", threading.Event(), lambda told: None):
            inside.set()
            leave.wait(10)

    staying = threading.Thread(target=stay, daemon=True)
    staying.start()
    assert inside.wait(5)
    room.use("ollama", LARGE)
    told: list[Told] = []

    def go() -> None:
        with pytest.raises(Exception, match="called off"), room.enter("boris", stop, told.append):
            pass

    going = threading.Thread(target=go, daemon=True)
    going.start()
    until(lambda: told == [Preparing("loading", 0)])
    stop.set()
    going.join(5)
    assert not going.is_alive()
    leave.set()
    staying.join(5)


def test_a_reader_who_asks_too_often_waits_and_others_do_not(dateline: CheckedAssistant) -> None:
    room = EngineRoom(dateline, questions_per_minute=2)
    room.admit("anna")
    room.admit("anna")
    with pytest.raises(TooManyQuestions, match=r"ask again in \d+ s"):
        room.admit("anna")
    room.admit("boris")


def test_a_program_that_asks_too_often_is_told_by_http(dateline: CheckedAssistant) -> None:
    with served(dateline, questions_per_minute=1) as url, httpx.Client(base_url=url, trust_env=False) as http:
        assert http.post("/api/ask", json={"question": QUESTION}, timeout=30).status_code == 200
        again = http.post("/api/ask", json={"question": QUESTION})
        assert (again.status_code, "ask again in" in again.text) == (429, True)
        assert 1 <= int(again.headers["Retry-After"]) <= 60
        by_openai = {"messages": [{"role": "user", "content": QUESTION}]}
        assert http.post("/v1/chat/completions", json=by_openai).status_code == 429
        assert http.get("/api/search", params={"q": "Homs"}).status_code == 200


def test_the_badge_is_changed_over_http(dateline: CheckedAssistant) -> None:
    with served(dateline) as url, httpx.Client(base_url=url, trust_env=False) as http:
        assert http.post("/engine/use", data={"engine": "ollama", "model": LARGE}).status_code == 200
        until(lambda: f"{LARGE}<span" in http.get("/engine").text)
        refused = http.post("/engine/use", data={"engine": "ollama", "model": "<b>none</b>"})
        assert (refused.status_code, "&lt;b&gt;none" in refused.text) == (409, True)
