"""What the page's buttons do, without a browser; `test_page.py` looks at them in one."""

import asyncio
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from app_helpers import QUESTION, QUOTED, RIGHT, on_ollama, says, until
from checking import CheckedAssistant
from ollama_double import OllamaDouble, endless, error_in_mid_stream, slow

from web.controller import Controller
from web.conversations import STOPPED

Seen = Callable[[str], object]


class Desk:
    """The controller over the seeds, anna's conversation, and the model that answers in it."""

    def __init__(self, controller: Controller, ollama: OllamaDouble) -> None:
        self.controller, self.ollama = controller, ollama
        self.here = controller.conversations.begin("anna")

    def ask(self, question: str = QUESTION, seen: Seen = lambda html: None, pages: str = "1") -> list[list[str]]:
        """All that was on each of these pages while it answered; what came is `seen` before anything else comes."""

        async def shown() -> list[list[str]]:
            running = await self.controller.begin("anna", self.here, question)

            async def look(page: str) -> list[str]:
                told = []
                async for html in running.watch(page):
                    told.append(html)
                    seen(html)
                return told

            return await asyncio.gather(*map(look, pages))

        return asyncio.run(shown())

    def turns(self) -> list[Any]:
        return self.controller.conversations.turns("anna", self.here)


@pytest.fixture
def desk(seeds_dir: Path, tmp_path: Path) -> Iterator[Desk]:
    data = shutil.copytree(seeds_dir, tmp_path / "data")
    with OllamaDouble(chat=says(RIGHT)) as ollama, on_ollama(data, ollama) as dateline:
        yield Desk(Controller.of(dateline), ollama)


def test_passages_come_first_then_the_draft_and_what_was_checked_stands_while_the_rest_is_not(desk: Desk) -> None:
    second = "The Observatory is headed by Rami Abdurrahman."
    gate, answers = threading.Event(), says(f"{RIGHT} {second}")

    def chat(request: Any) -> Any:
        about_the_second = request.get("top_logprobs") and request["messages"][-1]["content"].count(second)
        return slow(gate, answers)(request) if about_the_second else answers(request)

    desk.ollama.chat = chat
    (pages,) = desk.ask(seen=lambda html: 'class="kept"' in html and gate.set())
    parts = ("found", "draft", "kept")
    found, draft, kept = (next(page for page in pages if f'class="{part}"' in page) for part in parts)
    assert 'class="draft"' not in found and pages.index(found) < pages.index(draft) < pages.index(kept)
    assert f'<span class="kept">{RIGHT} </span>' in kept and f'<span class="draft">{second}</span>' in kept
    (turn,) = desk.turns()
    assert QUOTED in turn.answer["citations"][0]["quote"]


def test_only_what_was_answered_is_history_and_the_rest_keeps_its_draft_with_the_remedy(desk: Desk) -> None:
    desk.ask()
    desk.ollama.chat = error_in_mid_stream()
    desk.ask("How far is the city of Homs from Hama?")
    desk.ollama.chat = says(endless())
    desk.ask(seen=lambda html: "word5" in html and desk.controller.stop(desk.here))
    assert desk.ollama.client_left.wait(1)
    _, died, stopped = desk.turns()
    assert (died.answer, died.draft[:16], "Ollama" in died.trouble) == (None, "To determine how", True)
    assert (stopped.trouble, "word5" in stopped.draft) == (STOPPED, True)
    asked, answered = desk.controller.history("anna", desk.here)
    assert (asked, answered["role"]) == ({"role": "user", "content": QUESTION}, "assistant")
    assert answered["content"].endswith("Damascus [1].")
    desk.ollama.chat = says(RIGHT)
    desk.ask()  # the queue is free
    for act, words in (("up", None), ("comment", "Well said.")):
        desk.controller.judge("anna", desk.turns()[-1].id, act, words)
    last = desk.turns()[-1]
    assert (last.answer is not None, last.verdict, last.comment) == (True, "up", "Well said.")


@pytest.mark.parametrize("then", ["loaded anew", "left", "deleted"])
def test_an_answer_outlives_a_reload_of_its_page_and_no_more(desk: Desk, then: str) -> None:
    desk.ollama.chat = says(endless())
    controller = replace(desk.controller, patience=0) if then == "left" else desk.controller

    async def look() -> None:
        running = await controller.begin("anna", desk.here, QUESTION)
        for page, words in [("before", "word5"), ("after", "word20")][: 1 + (then == "loaded anew")]:
            async with aclosing(running.watch(page)) as shown:
                await anext(html async for html in shown if words in html)
        if then == "loaded anew":
            assert list(controller.running) == [desk.here]
            controller.stop(desk.here)
        elif then == "deleted":
            assert controller.delete("anna", None) == [desk.here]
        await asyncio.wait(controller.keeping)

    asyncio.run(look())
    assert desk.ollama.client_left.wait(1)
    assert controller.running == {}
    if then == "deleted":
        assert controller.conversations.listed("anna") == []
    else:
        (turn,) = desk.turns()
        assert (turn.trouble, "word20" in turn.draft) == (STOPPED, then == "loaded anew")


def test_two_pages_see_the_same_answer_and_one_page_only_once(desk: Desk) -> None:
    one, two, again = desk.ask(pages="122")
    assert (one[-1], again) == (two[-1], [])


def test_an_empty_page_offers_questions_and_one_without_an_index_says_what_to_do(desk: Desk, tmp_path: Path) -> None:
    page = desk.controller.shown("anna", "")
    assert "Ask 2 articles, of 5 December 2024" in page and "What happened in Hama?" in page
    with CheckedAssistant(tmp_path / "none", "embedded") as dateline:
        assert "dateline index FOLDER" in Controller.of(dateline).shown("anna", "")


def test_while_an_answer_is_read_the_model_reads_the_conversation(desk: Desk) -> None:
    desk.ask()
    known = f"Conversation:\nReader: {QUESTION}\nArchive: {RIGHT}\nLast question:"
    until(lambda: known in [messages[1]["content"] for messages in desk.ollama.read_ahead])
