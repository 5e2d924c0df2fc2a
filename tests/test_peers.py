"""The peers of the evals: real LlamaIndex, real embedder, a tiny corpus; Ollama's double where a model must speak."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from conftest import Write
from eval_helpers import case
from ollama_double import OllamaDouble, closed_port, error_in_mid_stream, installed, speaks

from evals.metered import MeteredLLM
from evals.peers import Bm25Top, CitationEngine, ClosedBook, LlamaIndexArticles, VectorEngine
from evals.types import Case, System
from rag import Answer, Assistant
from rag.engines.embedded import EmbeddedEngine
from rag.errors import EngineInterrupted

HAMA = "Hama lies 200 kilometres north of Damascus. Rebels took the city on Thursday. The army withdrew at noon."
HOMS = "Homs lies 45 kilometres south of Hama. Residents fled at night. The road to the coast is still open."
FOOTBALL = "The national football team won three matches. Its captain scored twice. The crowd sang until midnight."
ALL = ("football.txt", "hama.txt", "homs.txt")
MODEL = "qwen3:4b"

Speak = str | Callable[[list[dict[str, str]], dict[str, Any]], str]


@pytest.fixture
def articles(write: Write, folder: Path) -> Path:
    write("hama.txt", HAMA, date="2024-12-05")
    write("homs.txt", HOMS, date="2024-12-07")
    write("football.txt", FOOTBALL)
    return folder


@pytest.fixture
def peers(articles: Path, tmp_path: Path) -> Callable[[OllamaDouble], Peers]:
    """The peers over the three articles, with the given double for a model."""

    def open_peers(ollama: OllamaDouble) -> Peers:
        assistant = Assistant(tmp_path / "data", "ollama", MODEL, ollama_host=ollama.url)
        assistant.index(articles)
        return Peers(assistant)

    return open_peers


class Peers:
    def __init__(self, assistant: Assistant) -> None:
        self.assistant = assistant
        self.articles = LlamaIndexArticles(assistant)
        self.citation = CitationEngine(assistant, self.articles)
        self.vector = VectorEngine(assistant, self.articles)
        self.closed_book = ClosedBook(assistant)
        self.bm25 = Bm25Top(assistant)


Open = Callable[[OllamaDouble], Peers]


def saying(text: Speak) -> OllamaDouble:
    speak = (lambda messages, options: text) if isinstance(text, str) else text
    return OllamaDouble(chat=speaks(speak), models=[installed(MODEL)])


def asked_of(
    peers: Open, text: Speak, about: Case, pick: Callable[[Peers], System] = lambda all: all.citation
) -> tuple[Answer, list[dict[str, Any]]]:
    """(the peer's answer, the requests that reached the model)"""
    with saying(text) as ollama:
        opened = peers(ollama)
        with opened.assistant:
            return pick(opened).answer(about), ollama.chats


def prompt(chats: Sequence[dict[str, Any]]) -> str:
    return "\n".join(message["content"] for request in chats for message in request["messages"])


QUESTION = case("How far is Hama from Damascus?")

# ---------------------------------------------------------------------------------------- CitationQueryEngine


def test_a_citation_of_the_engine_is_the_sources_words_without_the_engines_heading(peers: Open) -> None:
    answer, chats = asked_of(peers, "Hama is 200 kilometres from Damascus [1].", QUESTION)
    (citation,) = answer.citations
    assert "Source 1:\n" in prompt(chats)
    assert citation.quote.endswith(HAMA) and "Source" not in citation.quote
    assert (citation.article, citation.carriers, citation.number) == ("hama.txt", ("hama.txt",), 1)


def test_every_source_stands_where_its_citation_says(peers: Open) -> None:
    with saying("All of it [1] [2].") as ollama:
        opened = peers(ollama)
        answer = opened.citation.answer(QUESTION)
        assert [citation.number for citation in answer.citations] == [1, 2]
        for citation in answer.citations:
            text = opened.assistant.article(citation.article).text
            assert citation.quote and text[citation.start : citation.end] == citation.quote
        opened.assistant.close()


def test_the_numbers_that_the_model_wrote_are_kept(peers: Open) -> None:
    answer, _ = asked_of(peers, "It is near Homs [2].", QUESTION)
    assert answer.text == "It is near Homs [2]."
    assert [citation.number for citation in answer.citations] == [2]
    assert answer.sentences[0].text == "It is near Homs."


def test_a_number_that_no_source_has_cites_nothing_and_is_noted(peers: Open) -> None:
    answer, _ = asked_of(peers, "It is 200 kilometres [7].", QUESTION)
    assert answer.text == "It is 200 kilometres [7]."
    assert answer.citations == () and answer.sentences[0].citations == ()
    assert answer.notes == ("[7] is none of the 2 sources",)


@pytest.mark.parametrize(
    "written",
    [
        "It is far [1], and near [2].",
        "It is far [1, 2].",
        "It is far [Source 1] [Source 2].",
        "It is far (Source 1 and Source 2).",
        "It is far (Source 1, 2).",
        "According to Source 1 and Source 2, it is far.",
        "Sources 1 and 2 say that it is far.",
        "It is far. [1][2]",
        "It is far. Source 1 and Source 2",
        "It is far. Sources: 1, 2.",
    ],
)
def test_a_citation_in_any_form_counts_for_its_sentence(peers: Open, written: str) -> None:
    answer, _ = asked_of(peers, written, QUESTION)
    (sentence,) = answer.sentences
    assert sentence.citations == (1, 2)


def test_a_count_after_a_sources_name_is_no_citation(peers: Open) -> None:
    answer, _ = asked_of(peers, "According to Source 1, 2 people fled.", QUESTION)
    assert answer.sentences[0].citations == (1,)
    assert answer.text == "According to Source 1, 2 people fled."
    assert answer.sentences[0].text == "According to the source, 2 people fled."  # its number claims nothing


def test_each_sentence_has_its_own_citations(peers: Open) -> None:
    answer, _ = asked_of(peers, "It is far. [2] Rebels took 12 towns. The army left [1].", QUESTION)
    assert [(sentence.text, sentence.citations) for sentence in answer.sentences] == [
        ("It is far.", (2,)),
        ("Rebels took 12 towns.", ()),
        ("The army left.", (1,)),
    ]


def test_a_quote_that_the_article_no_longer_has_is_not_taken_for_exact(peers: Open, write: Write) -> None:
    with saying("It is far [1].") as ollama:
        opened = peers(ollama)
        opened.citation.answer(QUESTION)
        changed = write("hama.txt", "Hama is a city on the Orontes. It has norias.", date="2024-12-05")
        opened.assistant.index(changed.parent)
        (citation,) = opened.citation.answer(QUESTION).citations
        opened.assistant.close()
    assert (citation.article, citation.start, citation.end) == ("hama.txt", 0, 0)
    assert citation.quote


@pytest.mark.parametrize("pick", [lambda all: all.citation, lambda all: all.vector])
def test_an_excluded_article_reaches_no_prompt(peers: Open, pick: Callable[[Peers], System]) -> None:
    hidden = case("How far is Hama from Damascus?", exclude=("hama.txt",))
    _, chats = asked_of(peers, "I do not know.", hidden, pick)
    assert "lies 45 kilometres" in prompt(chats) and "lies 200 kilometres" not in prompt(chats)


@pytest.mark.parametrize("pick", [lambda all: all.citation, lambda all: all.vector])
def test_an_article_of_a_later_day_reaches_no_prompt(peers: Open, pick: Callable[[Peers], System]) -> None:
    before = case("How far is Homs from Hama?", as_of=date(2024, 12, 6))
    _, chats = asked_of(peers, "I do not know.", before, pick)
    assert "lies 200 kilometres" in prompt(chats) and "lies 45 kilometres" not in prompt(chats)
    assert "football" in prompt(chats)  # without a date it is not known to be later


def test_an_article_of_the_day_itself_is_seen(peers: Open) -> None:
    _, chats = asked_of(peers, "45 [1].", case("How far is Homs from Hama?", as_of=date(2024, 12, 7)))
    assert "lies 45 kilometres" in prompt(chats)


def test_what_one_case_hides_the_next_one_sees(peers: Open) -> None:
    with saying("It is far [1].") as ollama:
        opened = peers(ollama)
        opened.citation.answer(case(QUESTION.question, exclude=("hama.txt",)))
        (citation,) = opened.citation.answer(QUESTION).citations
        opened.assistant.close()
    assert citation.article == "hama.txt"


def test_where_everything_is_hidden_the_engines_own_empty_words_pass(peers: Open) -> None:
    answer, chats = asked_of(peers, "Canberra.", case("How far is Hama?", exclude=ALL))
    assert (answer.text, answer.abstained, answer.citations) == ("Empty Response", False, ())
    assert chats == []


def test_of_a_conversation_the_engine_is_given_the_question_alone(peers: Open) -> None:
    turns = ({"role": "user", "content": "Tell me of Palmyra."}, {"role": "assistant", "content": "It is old."})
    _, chats = asked_of(peers, "It is far [1].", case(QUESTION.question, history=turns))
    assert "Palmyra" not in prompt(chats)


# -------------------------------------------------------------------------------- time, tokens and trouble


def test_the_tokens_are_the_engines_own_count(peers: Open) -> None:
    answer, chats = asked_of(peers, "It is far [1].", QUESTION)
    assert answer.usage.prompt_tokens == len(prompt(chats)) // 4 + 1
    assert (answer.usage.cached_tokens, answer.usage.completion_tokens) == (0, 4)


def test_the_calls_of_one_question_are_counted_together(peers: Open, write: Write) -> None:
    for name in ("hama.txt", "homs.txt"):
        write(name, " ".join(f"In {year} Hama lay 200 kilometres north of Damascus." for year in range(100)))
    long = " ".join(f"Question {number}, how far is Hama from Damascus?" for number in range(150))
    answer, chats = asked_of(peers, "It is far [1].", case(long))
    assert len(chats) > 1  # LlamaIndex refines: beside such a question one call has no room for both sources
    assert answer.usage.completion_tokens == 4 * len(chats)


def test_the_first_token_comes_before_the_last(peers: Open) -> None:
    answer, _ = asked_of(peers, "It is far [1].", QUESTION)
    assert answer.timings.first_token is not None
    assert 0 < answer.timings.first_token < answer.timings.total


def test_an_engine_that_dies_raises_the_engines_error(peers: Open) -> None:
    with OllamaDouble(chat=error_in_mid_stream(), models=[installed(MODEL)]) as ollama:
        opened = peers(ollama)
        with pytest.raises(EngineInterrupted):
            opened.citation.answer(QUESTION)
        opened.assistant.close()


def test_the_articles_are_embedded_once_for_both_engines(peers: Open) -> None:
    with saying("It is far.") as ollama:
        opened = peers(ollama)
        opened.citation.answer(QUESTION)
        made = opened.articles.index()
        opened.vector.answer(QUESTION)
        assert opened.articles.index() is made
        opened.assistant.close()


def test_answers_of_two_peers_have_different_settings(peers: Open) -> None:
    one, _ = asked_of(peers, "It is far.", QUESTION)
    other, _ = asked_of(peers, "It is far.", QUESTION, lambda all: all.vector)
    assert one.settings != other.settings
    assert (one.engine, one.model) == ("ollama", MODEL)


# --------------------------------------------------------------------------------- the plainer peers


def test_the_plain_query_engine_cites_nothing(peers: Open) -> None:
    answer, chats = asked_of(peers, "It is far [1]. So it is.", QUESTION, lambda all: all.vector)
    assert "lies 200 kilometres" in prompt(chats)
    assert answer.citations == ()
    assert [sentence.citations for sentence in answer.sentences] == [(), ()]


def test_the_closed_book_model_is_given_the_conversation_and_no_article(peers: Open) -> None:
    turns = ({"role": "user", "content": "Where is Hama?"}, {"role": "assistant", "content": "In Syria."})
    about = case("How far from Damascus?", history=turns)
    answer, chats = asked_of(peers, "About 200 kilometres.", about, lambda all: all.closed_book)
    assert chats[0]["messages"] == [
        {"role": "system", "content": "Answer in one short, complete sentence."},
        *turns,
        {"role": "user", "content": "How far from Damascus?"},
    ]
    assert answer.text == "About 200 kilometres."
    assert answer.usage.completion_tokens == 3
    assert answer.timings.first_token is not None


@pytest.fixture
def words_alone(articles: Path, tmp_path: Path) -> Bm25Top:
    """No model: nobody answers where one should be."""
    assistant = Assistant(tmp_path / "data", "ollama", MODEL, ollama_host=f"http://127.0.0.1:{closed_port()}")
    assistant.index(articles)
    return Bm25Top(assistant)


def test_words_alone_answer_with_the_sentence_that_has_most_of_them(words_alone: Bm25Top) -> None:
    answer = words_alone.answer(case("Who took the city on Thursday?"))
    (citation,) = answer.citations
    assert answer.text == "Rebels took the city on Thursday. [1]"
    assert (citation.article, citation.quote) == ("hama.txt", "Rebels took the city on Thursday.")
    assert answer.hits and answer.timings.first_token == answer.timings.total


def test_a_rare_word_outweighs_a_common_one(words_alone: Bm25Top) -> None:
    # "Hama" and "kilometres" are in two articles, "withdrew" in one
    assert words_alone.answer(case("Hama withdrew")).citations[0].quote == "The army withdrew at noon."


def test_the_sentence_stands_where_its_citation_says(words_alone: Bm25Top, articles: Path) -> None:
    (citation,) = words_alone.answer(case("When did residents flee from Homs?")).citations
    text = (articles / citation.article).read_text(encoding="utf-8")
    assert text[citation.start : citation.end] == citation.quote


def test_words_alone_do_not_see_what_is_excluded_or_later(words_alone: Bm25Top) -> None:
    question = "How many kilometres from Hama?"
    assert words_alone.answer(case(question, exclude=("homs.txt",))).citations[0].article == "hama.txt"
    assert words_alone.answer(case(question, as_of=date(2024, 12, 6))).citations[0].article == "hama.txt"
    assert words_alone.answer(case("The crowd sang", as_of=date(2024, 12, 6))).citations[0].article == "football.txt"


def test_words_that_no_article_has_get_no_text(words_alone: Bm25Top) -> None:
    answer = words_alone.answer(case("Volleyball?"))
    assert (answer.text, answer.abstained, answer.sentences, answer.citations) == ("", True, (), ())
    assert answer.timings.first_token is None


# ------------------------------------------------------------------------------------ the embedded model


@pytest.mark.slow
def test_the_embedded_model_answers_for_every_peer(articles: Path, tmp_path: Path) -> None:
    with Assistant(tmp_path / "data", "embedded", threads=1, timeout=300) as assistant:
        assistant.index(articles)
        all_peers = Peers(assistant)
        cited, plain, alone = (
            peer.answer(QUESTION) for peer in (all_peers.citation, all_peers.vector, all_peers.closed_book)
        )
    assert "200" in cited.text and "200" in plain.text and alone.text
    for answer in (cited, plain, alone):
        assert answer.usage.completion_tokens > 0 and answer.timings.first_token
    assert cited.usage.prompt_tokens > plain.usage.prompt_tokens > alone.usage.prompt_tokens > 0


@pytest.mark.slow
def test_a_peer_keeps_what_the_engine_has_read_of_its_prompt(chat_engine: EmbeddedEngine) -> None:
    article = "The mine at Ardal was closed on Monday after water broke into its lowest gallery. " * 5
    first, second = MeteredLLM(engine=chat_engine), MeteredLLM(engine=chat_engine)
    first.complete(f"{article} When was it closed?", max_tokens=4)
    second.complete(f"{article} Where is it?", max_tokens=4)
    assert second.usage.cached_tokens > 0.7 * second.usage.prompt_tokens
