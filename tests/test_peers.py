"""The peers of the evals: real LlamaIndex, real embedder, a tiny corpus; Ollama's double where a model must speak."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from conftest import Write
from eval_helpers import case
from ollama_double import OllamaDouble, closed_port, error_in_mid_stream, installed, speaks

from evals.peers import Bm25Top, MeteredLLM
from evals.systems import SYSTEMS, Dateline, build
from evals.types import Case
from rag import Answer, Assistant
from rag.engines.embedded import EmbeddedEngine
from rag.errors import EngineInterrupted

HAMA = "Hama lies 200 kilometres north of Damascus. Rebels took the city on Thursday. The army withdrew at noon."
HOMS = "Homs lies 45 kilometres south of Hama. Residents fled at night. The road to the coast is still open."
FOOTBALL = "The national football team won three matches. Its captain scored twice. The crowd sang until midnight."
MODEL = "qwen3:4b"
QUESTION = case("How far is Hama from Damascus?")
TURNS = ({"role": "user", "content": "Where is Hama?"}, {"role": "assistant", "content": "In Syria."})


@pytest.fixture
def articles(write: Write, folder: Path) -> Path:
    write("hama.txt", HAMA, date="2024-12-05")
    write("homs.txt", HOMS, date="2024-12-07")
    write("football.txt", FOOTBALL)
    return folder


class Peers:
    """The systems over the three articles, and what the last question let reach their model."""

    def __init__(self, assistant: Assistant, ollama: OllamaDouble) -> None:
        self.assistant, self.ollama, self.prompt = assistant, ollama, ""
        self._by_name = {system.name: system for system in build(SYSTEMS, assistant)}

    def answer(self, about: Case, name: str = "citation-engine") -> Answer:
        before = len(self.ollama.chats)
        answer = self._by_name[name].answer(about)
        asked = self.ollama.chats[before:]
        self.prompt = "\n".join(message["content"] for request in asked for message in request["messages"])
        return answer


Saying = Callable[..., Any]


@pytest.fixture
def saying(articles: Path, tmp_path: Path) -> Saying:
    """with saying("It is far [1].") as peers: what the model says to whatever it is asked."""

    @contextmanager
    def opened(text: str = "It is far [1].", **double: Any) -> Iterator[Peers]:
        said = {"chat": speaks(lambda messages, options: text)} | double
        with (
            OllamaDouble(models=[installed(MODEL)], **said) as ollama,
            Assistant(tmp_path / "data", "ollama", MODEL, ollama_host=ollama.url) as assistant,
        ):
            assistant.index(articles)
            yield Peers(assistant, ollama)

    return opened


def test_systems_come_as_asked_for_and_once_each_and_dateline_hears_all_that_a_case_says(
    write: Write, saying: Saying
) -> None:
    write("late.txt", "Hama lies 300 kilometres from Aleppo.", date="2024-12-08")
    about = case("How far is it from Damascus?", as_of=date(2024, 12, 7), exclude=("homs.txt",), history=TURNS)
    says = speaks(lambda messages, options: QUESTION.question, first_token=lambda messages: {"Yes": 0.0})
    with saying(chat=says) as peers:
        systems = build([*SYSTEMS[::-1], "dateline"], peers.assistant)
        answer = peers.answer(about, Dateline.name)
    assert tuple(system.name for system in systems) == SYSTEMS[::-1]
    assert answer.standalone_question == QUESTION.question
    assert {hit.passage.article for hit in answer.hits} <= {"hama.txt", "football.txt"}


def test_every_source_stands_where_its_citation_says_or_nowhere_and_costs_are_the_systems_own(
    saying: Saying, write: Write
) -> None:
    with saying("All of it [1] [2].") as peers:
        answer = peers.answer(QUESTION)
        assert "Source 1:\n" in peers.prompt
        assert answer.usage.prompt_tokens == pytest.approx(len(peers.prompt) // 4, abs=3)
        cited = [(one.number, one.article, one.carriers) for one in answer.citations]
        assert cited == [(1, "hama.txt", ("hama.txt",)), (2, "homs.txt", ("homs.txt",))]
        for citation in answer.citations:
            text = peers.assistant.article(citation.article).text
            assert "Source" not in citation.quote  # the engine's heading
            assert citation.quote and text[citation.start : citation.end] == citation.quote
        plain = peers.answer(QUESTION, "vector-engine")
        assert HAMA in peers.prompt
        peers.assistant.index(write("hama.txt", "Hama is a city on the Orontes.", date="2024-12-05").parent)
        gone = peers.answer(QUESTION).citations[0]
    assert (gone.article, gone.start, gone.end, gone.quote) == ("hama.txt", 0, 0, answer.citations[0].quote)
    assert (plain.citations, [sentence.citations for sentence in plain.sentences]) == ((), [()])
    assert (answer.usage.cached_tokens, answer.usage.completion_tokens) == (0, 5)
    assert answer.timings.first_token and 0 < answer.timings.first_token < answer.timings.total
    assert (answer.engine, answer.model) == ("ollama", MODEL)
    assert answer.settings != plain.settings


BOTH = (
    "It is far [1], and near [2].", "It is far [1, 2].", "It is far [Source 1] [Source 2].", "It is far. [1][2]",
    "It is far (Source 1 and Source 2).", "It is far (Source 1, 2).", "According to Source 1 and Source 2, it is far.",
    "Sources 1 and 2 say that it is far.", "It is far. Source 1 and Source 2", "It is far. Sources: 1, 2.",
)  # fmt: skip
FORMS: list[tuple[str, dict[str, tuple[int, ...]]]] = [
    ("It is near Homs [2].", {"It is near Homs.": (2,)}),
    ("It is 200 kilometres [7].", {"It is 200 kilometres.": ()}),
    # a count after a source's name is no citation, and its number claims nothing
    ("According to Source 1, 2 people fled.", {"According to the source, 2 people fled.": (1,)}),
    ("It is far. [2] He took 12 towns. He left [1].", {"It is far.": (2,), "He took 12 towns.": (), "He left.": (1,)}),
]


def test_a_citation_in_any_form_that_a_reader_understands_counts_for_its_sentence(saying: Saying) -> None:
    with saying() as peers:
        for written, sentences in [*((written, {}) for written in BOTH), *FORMS]:
            peers.ollama.chat = speaks(lambda messages, options, text=written: text)
            answer = peers.answer(QUESTION)
            assert answer.text == written
            numbers = [one.citations for one in answer.sentences]
            assert numbers == ([*sentences.values()] or [(1, 2)]), written
            assert not sentences or [one.text for one in answer.sentences] == [*sentences]
            assert [one.number for one in answer.citations] == sorted(sum(numbers, ()))
            assert answer.notes == (("[7] is none of the 2 sources",) if "[7]" in written else ())


def test_what_a_case_hides_reaches_no_prompt(saying: Saying) -> None:
    far = "How far is Homs from Hama?"
    with saying("I do not know.") as peers:
        for name in ("citation-engine", "vector-engine"):
            for about, seen, hidden in (
                (case("How far is Hama from Damascus?", exclude=("hama.txt",)), [HOMS], [HAMA]),
                # without a date an article is not known to be later
                (case(far, as_of=date(2024, 12, 6), history=TURNS), [HAMA, FOOTBALL], [HOMS, "Where"]),
                (case(far, as_of=date(2024, 12, 7)), [HAMA, HOMS], []),
            ):
                peers.answer(about, name)
                assert all(text in peers.prompt for text in seen), (name, about)
                assert not any(text in peers.prompt for text in hidden), (name, about)
        # where everything is hidden the engine's own empty words pass
        answer = peers.answer(case("How far is Hama?", exclude=("football.txt", "hama.txt", "homs.txt")))
        assert (answer.text, answer.abstained, answer.citations) == ("Empty Response", False, ())
        assert peers.prompt == ""


def test_the_calls_of_one_question_are_counted_together(saying: Saying, write: Write) -> None:
    for name in ("hama.txt", "homs.txt"):
        write(name, " ".join(f"In {year} Hama lay 200 kilometres north of Damascus." for year in range(100)))
    long = " ".join(f"Question {number}, how far is Hama from Damascus?" for number in range(150))
    with saying() as peers:
        answer = peers.answer(case(long))
        assert len(peers.ollama.chats) > 1  # LlamaIndex refines: one call has no room for both sources
        assert answer.usage.completion_tokens == 4 * len(peers.ollama.chats)
        peers.ollama.chat = error_in_mid_stream()
        with pytest.raises(EngineInterrupted):
            peers.answer(QUESTION)


def test_the_closed_book_model_is_given_the_conversation_and_no_article(saying: Saying) -> None:
    with saying("About 200 kilometres.") as peers:
        answer = peers.answer(case("How far from Damascus?", history=TURNS), "closed-book")
        assert peers.ollama.chats[0]["messages"] == [
            {"role": "system", "content": "Answer in one short, complete sentence."},
            *TURNS,
            {"role": "user", "content": "How far from Damascus?"},
        ]
    assert (answer.text, answer.usage.completion_tokens) == ("About 200 kilometres.", 3)
    assert answer.timings.first_token is not None


def test_words_alone_answer_with_the_sentence_that_has_most_of_them(articles: Path, tmp_path: Path) -> None:
    nobody = f"http://127.0.0.1:{closed_port()}"
    with Assistant(tmp_path / "data", "ollama", MODEL, ollama_host=nobody) as assistant:
        assistant.index(articles)
        for about, article, quote in (
            (case("Who took the city on Thursday?"), "hama.txt", "Rebels took the city on Thursday."),
            # a rare word outweighs common ones: "Hama" is in two articles, "withdrew" in one
            (case("Hama withdrew"), "hama.txt", "The army withdrew at noon."),
            (case("When did residents flee from Homs?"), "homs.txt", None),
            (case("How many kilometres from Hama?", exclude=("homs.txt",)), "hama.txt", None),
            (case("How many kilometres from Hama?", as_of=date(2024, 12, 6)), "hama.txt", None),
            (case("The crowd sang", as_of=date(2024, 12, 6)), "football.txt", None),
        ):
            answer = Bm25Top(assistant).answer(about)
            (citation,) = answer.citations
            text = assistant.article(citation.article).text
            assert (citation.article, text[citation.start : citation.end]) == (article, citation.quote)
            assert citation.quote == (quote or citation.quote)
            assert answer.text == f"{citation.quote} [1]"
            assert answer.hits and answer.timings.first_token == answer.timings.total
        answer = Bm25Top(assistant).answer(case("Volleyball?"))
    assert (answer.text, answer.abstained, answer.sentences, answer.citations) == ("", True, (), ())
    assert answer.timings.first_token is None


@pytest.mark.slow
def test_a_peer_keeps_what_the_engine_has_read_of_its_prompt(chat_engine: EmbeddedEngine) -> None:
    article = "The mine at Ardal was closed on Monday after water broke into its lowest gallery. " * 5
    first, second = MeteredLLM(engine=chat_engine), MeteredLLM(engine=chat_engine)
    first.complete(f"{article} When was it closed?", max_tokens=4)
    second.complete(f"{article} Where is it?", max_tokens=4)
    assert second.usage.cached_tokens > 0.7 * second.usage.prompt_tokens
