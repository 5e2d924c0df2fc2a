"""The page's texts. That the page itself works is looked at in a browser."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from checking import CheckedAssistant
from ollama_double import OllamaDouble, error_in_mid_stream, speaks

from ui import build, replies

QUESTION = "How far is Hama from Damascus?"


def chat(text: str) -> Any:
    return speaks(lambda messages, options: text, first_token=lambda messages: {"Yes": -0.05, "No": -3.0})


def replies_of(seeds_dir: Path, double: OllamaDouble, question: str = QUESTION) -> list[str]:
    with CheckedAssistant(seeds_dir, "ollama", "qwen2.5-coder:1.5b", ollama_host=double.url) as dateline:
        return list(replies(dateline, question, []))


def test_a_reply_grows_from_draft_to_checked_answer(seeds_dir: Path) -> None:
    with OllamaDouble(chat=chat("Hama is about 200 kilometres (125 miles) north of Damascus.")) as ollama:
        shown = replies_of(seeds_dir, ollama)
    assert shown[1].startswith("*Draft, not checked yet:*")
    assert shown[-1].startswith(r"Hama is about 200 kilometres (125 miles) north of Damascus \[1\].")
    assert "It is about 200 kilometres (125 miles) north of the capital" in shown[-1]


def test_what_a_dying_model_wrote_is_marked_and_followed_by_the_remedy(seeds_dir: Path) -> None:
    with OllamaDouble(chat=error_in_mid_stream()) as ollama:
        last = replies_of(seeds_dir, ollama)[-1]
    assert "To determine how" in last
    assert "nothing of this was checked" in last


def test_an_error_is_shown_as_its_sentence(seeds_dir: Path) -> None:
    with OllamaDouble() as ollama:
        assert replies_of(seeds_dir, ollama, "  ")[-1].startswith("**The question is empty")


def test_html_in_an_answer_is_text(seeds_dir: Path) -> None:
    with OllamaDouble(chat=chat("<script>alert(200)</script> 999")) as ollama:
        assert "<script>" not in "".join(replies_of(seeds_dir, ollama))


@pytest.mark.slow
def test_the_app_is_served(seeds_dir: Path) -> None:
    import httpx

    with OllamaDouble() as ollama:
        with CheckedAssistant(seeds_dir, "ollama", "qwen2.5-coder:1.5b", ollama_host=ollama.url) as dateline:
            app = build(dateline)
            _, url, _ = app.launch(prevent_thread_lock=True, quiet=True, ssr_mode=False)
            try:
                page = httpx.get(url, trust_env=False).text
            finally:
                app.close()
    assert "Dateline" in page
