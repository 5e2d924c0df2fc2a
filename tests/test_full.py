"""Full answers: pieces of several articles in their own words; retold where the model is large enough."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from app_helpers import on_ollama, says
from ollama_double import OllamaDouble, installed

from rag import Assistant, SentenceChecked
from rag.errors import QuestionError
from rag.pieces import length_of

ASKED = "Summarise what happened in Hama."


@pytest.mark.parametrize(
    ("question", "length"),
    [
        ("Summarise the fall of Hama.", "full"),
        ("Explain why the army withdrew.", "full"),
        ("List the places that were taken.", "full"),
        ("How do the two groups differ?", "full"),
        ("What happened in Hama, step by step?", "full"),
        ("Who heads the Observatory?", "short"),
        ("How big is it, compared with other cities?", "short"),
        ("How did the leader describe the advance?", "short"),
    ],
)
def test_the_questions_own_words_may_ask_for_more(question: str, length: str) -> None:
    assert length_of(question) == length


@pytest.fixture
def seeds_alone(seeds_dir: Path, tmp_path: Path) -> Iterator[Assistant]:
    """No model can be opened."""
    with Assistant(seeds_dir, "embedded", cache_dir=tmp_path) as dateline:
        yield dateline


def test_a_small_models_full_answer_is_the_articles_own_words_and_needs_no_model(seeds_alone: Assistant) -> None:
    events = list(seeds_alone.stream(ASKED))
    answer = events[-1].answer  # type: ignore[union-attr]
    assert 3 < len(answer.sentences) <= 8 and not answer.abstained and not answer.withheld
    assert len({one.article for one in answer.citations}) == 2
    for sentence, citation in zip(answer.sentences, answer.citations, strict=True):
        words = " ".join(citation.quote.split())
        assert sentence.citations == (citation.number,)
        assert seeds_alone.article(citation.article).text[citation.start : citation.end] == citation.quote
        assert sentence.text.startswith("5 December 2024: “") and words[:20] in sentence.text
    lines = answer.text.split("\n")
    assert [line[:2] for line in lines] == ["- "] * len(answer.sentences)
    assert "".join(one.shown for one in events if isinstance(one, SentenceChecked)) == answer.text


def test_what_is_asked_for_in_order_stands_behind_the_days_of_the_events(seeds_alone: Assistant) -> None:
    answer = seeds_alone.ask("What happened in Syria step by step?")
    days = [sentence.text.partition(":")[0] for sentence in answer.sentences]
    assert "27 November 2024" in days and days[-1] == "5 December 2024"


@pytest.mark.parametrize("question", ["Summarise the war on Mars.", "Explain the election in Australia."])
def test_what_no_article_tells_is_refused_at_any_length(seeds_alone: Assistant, question: str) -> None:
    answer = seeds_alone.ask(question, length="full")
    assert answer.abstained and not answer.sentences


def test_a_length_that_there_is_not_is_said(seeds_alone: Assistant) -> None:
    with pytest.raises(QuestionError, match="short or full, not 'long'"):
        seeds_alone.ask(ASKED, length="long")  # type: ignore[arg-type]


def test_a_large_model_retells_and_each_sentence_is_checked_by_itself(seeds_dir: Path) -> None:
    right = (
        "Syrian insurgents entered Hama after days of fighting.",
        "The army redeployed from Hama to protect civilians.",
    )
    written = " ".join([*right, "Aliens landed in Oslo."])
    with (
        OllamaDouble(models=[installed("writer:4b")], chat=says(written)) as ollama,
        on_ollama(seeds_dir, ollama, "writer:4b") as dateline,
    ):
        events = list(dateline.stream(ASKED))
        (asked,) = ollama.chats
    answer = events[-1].answer  # type: ignore[union-attr]
    assert "at most eight" in asked["messages"][0]["content"]
    assert [one.text for one in answer.sentences] == [*right]
    assert [one.text for one in answer.withheld] == ["Aliens landed in Oslo."]
    assert all(sentence.citations for sentence in answer.sentences)


def test_where_nothing_that_was_retold_holds_the_articles_speak(seeds_dir: Path) -> None:
    with (
        OllamaDouble(models=[installed("writer:4b")], chat=says("Aliens landed in Oslo.")) as ollama,
        on_ollama(seeds_dir, ollama, "writer:4b") as dateline,
    ):
        answer = dateline.ask(ASKED)
    assert len(answer.sentences) > 3 and "“" in answer.sentences[0].text and len(answer.withheld) == 1
