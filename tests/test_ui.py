"""What the page's buttons do, without a browser; `test_page.py` looks at them in one."""

from __future__ import annotations

import asyncio
import shutil
import threading
from collections.abc import Iterator
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from app_helpers import QUESTION, QUOTED, RIGHT, endless, says, served
from checking import CheckedAssistant
from ollama_double import OllamaDouble, error_in_mid_stream, slow

from index.errors import StorageError
from web.conversations import STOPPED, Conversations
from web.desk import Desk
from web.live import Running


@pytest.fixture
def ollama() -> Iterator[OllamaDouble]:
    with OllamaDouble(chat=says(RIGHT)) as double:
        yield double


@pytest.fixture
def desk(seeds_dir: Path, tmp_path: Path, ollama: OllamaDouble) -> Iterator[Desk]:
    data = Path(shutil.copytree(seeds_dir, tmp_path / "data"))
    with CheckedAssistant(data, "ollama", "qwen2.5-coder:1.5b", ollama_host=ollama.url) as dateline:
        yield Desk.of(dateline)


def ask(desk: Desk, question: str = QUESTION, conversation: str = "", stop_at: str = "nothing") -> list[str]:
    """All that was on the page while it answered; stops when `stop_at` is written."""

    async def shown() -> list[str]:
        pages, where = list[str](), conversation or desk.conversations.begin("anna")
        async for html in desk.begin("anna", where, question).watch("page"):
            pages.append(html)
            if stop_at in html:
                desk.stop(where)
        return pages

    return asyncio.run(shown())


def turns(desk: Desk) -> list[Any]:
    return desk.conversations.turns("anna", desk.conversations.listed("anna")[0].id)


def test_the_passages_come_first_then_the_draft_then_the_checked_sentences(desk: Desk) -> None:
    pages = ask(desk)
    first_of = {
        name: next(n for n, html in enumerate(pages) if f'class="{name}"' in html) for name in ("found", "draft")
    }
    assert first_of["found"] < first_of["draft"]
    (turn,) = turns(desk)
    assert QUOTED in turn.answer["citations"][0]["quote"]


def test_a_sentence_stands_while_the_next_is_still_checked(desk: Desk, ollama: OllamaDouble) -> None:
    second = "The Observatory is headed by Rami Abdurrahman."
    gate = threading.Event()
    answers = says(f"{RIGHT} {second}")

    def chat(request: Any) -> Any:
        about_the_second = request.get("top_logprobs") and request["messages"][-1]["content"].count(second)
        return slow(gate, answers)(request) if about_the_second else answers(request)

    ollama.chat = chat

    async def watch() -> str:
        running = desk.begin("anna", desk.conversations.begin("anna"), QUESTION)
        async for html in running.watch("page"):
            if 'class="kept"' in html:
                gate.set()
                return html
        return ""

    html = asyncio.run(watch())
    assert f'<span class="kept">{RIGHT} </span>' in html
    assert f'<span class="draft">{second}</span>' in html


def test_what_a_dying_model_wrote_is_kept_as_a_draft_with_the_remedy(desk: Desk, ollama: OllamaDouble) -> None:
    ollama.chat = error_in_mid_stream()
    ask(desk)
    (turn,) = turns(desk)
    assert (turn.answer, turn.draft[:16]) == (None, "To determine how")
    assert "Ollama" in turn.trouble


def test_stopping_keeps_the_question_and_frees_the_line(desk: Desk, ollama: OllamaDouble) -> None:
    ollama.chat = says(endless())
    here = desk.conversations.begin("anna")
    ask(desk, conversation=here, stop_at="word5")
    assert turns(desk)[0].trouble == STOPPED
    assert ollama.client_left.wait(1)
    ollama.chat = says(RIGHT)
    ask(desk, conversation=here)
    assert [turn.answer is not None for turn in turns(desk)] == [False, True]


async def seen(running: Running, page: str, words: str) -> None:
    """Looks at the answer until these words are there, and leaves."""
    async with aclosing(running.watch(page)) as shown:
        async for html in shown:
            if words in html:
                return


def test_leaving_the_page_stops_the_model(desk: Desk, ollama: OllamaDouble) -> None:
    ollama.chat = says(endless())
    hasty = replace(desk, patience=0)

    async def leave() -> None:
        running = hasty.begin("anna", desk.conversations.begin("anna"), QUESTION)
        await seen(running, "page", "word5")
        await asyncio.wait(hasty.keeping)

    asyncio.run(leave())
    assert ollama.client_left.wait(1)
    assert desk.running == {}
    assert turns(desk)[0].trouble == STOPPED


def test_an_answer_goes_on_while_its_page_is_loaded_anew(desk: Desk, ollama: OllamaDouble) -> None:
    ollama.chat = says(endless())

    async def reload() -> None:
        here = desk.conversations.begin("anna")
        running = desk.begin("anna", here, QUESTION)
        await seen(running, "before", "word5")
        await seen(running, "after", "word20")
        assert list(desk.running) == [here]
        desk.stop(here)
        await asyncio.wait(desk.keeping)

    asyncio.run(reload())
    assert "word20" in turns(desk)[0].draft


def test_two_pages_see_the_same_answer_and_one_page_only_once(desk: Desk) -> None:
    async def look() -> list[list[str]]:
        running = desk.begin("anna", desk.conversations.begin("anna"), QUESTION)

        async def all_of(page: str) -> list[str]:
            return [html async for html in running.watch(page)]

        return await asyncio.gather(all_of("one"), all_of("two"), all_of("two"))

    one, two, again = asyncio.run(look())
    assert one[-1] == two[-1]
    assert again == []


def test_the_history_is_what_was_answered(desk: Desk, ollama: OllamaDouble) -> None:
    here = desk.conversations.begin("anna")
    ask(desk, conversation=here)
    ollama.chat = error_in_mid_stream()
    ask(desk, "Where is Homs?", here)
    history = desk.history("anna", here)
    assert [message["role"] for message in history] == ["user", "assistant"]
    assert history[1]["content"].endswith("Damascus [1].")


def test_an_empty_page_offers_questions_on_what_the_articles_mention(desk: Desk) -> None:
    page = desk.shown("anna", "")
    assert "Ask 2 articles, of 5 December 2024" in page
    assert "What happened in Hama?" in page


def test_a_page_without_an_index_says_what_to_do(tmp_path: Path) -> None:
    with CheckedAssistant(tmp_path / "none", "embedded") as dateline:
        page = Desk.of(dateline).shown("anna", "")
    assert "dateline index FOLDER" in page


def test_damaged_conversations_are_told_with_the_remedy(tmp_path: Path) -> None:
    (tmp_path / "conversations.db").write_bytes(b"no database at all" * 100)
    with pytest.raises(StorageError, match="move that file away"):
        Conversations(tmp_path / "conversations.db").listed("anna")


def test_the_app_is_served_with_its_own_script_and_style(desk: Desk) -> None:
    with served(desk.assistant) as url, httpx.Client(base_url=url, trust_env=False) as http:
        page = http.get("/")
        assert "Dateline" in page.text
        assert "page/page.js" in page.text
        assert http.get("/page/page.js").status_code == 200
        assert page.headers["set-cookie"].startswith("dateline=")
        assert "httponly" in page.headers["set-cookie"].lower()


def test_the_key_of_the_cookies_is_its_owners_alone(desk: Desk) -> None:
    with served(desk.assistant):
        pass
    assert (desk.assistant.settings.data_dir / "secret").stat().st_mode & 0o077 == 0
