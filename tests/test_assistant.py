"""The whole path on real parts: embedder, judge, Chroma, SQLite; the model is a double of an Ollama server."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from app_helpers import always_asking
from checking import CheckedAssistant
from ollama_double import (
    OllamaDouble,
    cut_connection,
    end_without_done,
    error_in_mid_stream,
    held_open,
    installed,
    speaks,
)

from rag import AnswerDone, DatelineError, EvidenceFound, SentenceChecked, TextDelta
from rag.errors import EngineInterrupted, EngineTimeout, EngineUnavailable, IndexMissing, ModelMissing, QuestionError

MODEL = "qwen2.5-coder:1.5b"
QUESTION = "How far is Hama from Damascus?"
GOOD = "Hama is about 200 kilometres (125 miles) north of Damascus."
ENTERED, WITHDREW = "000_cd28b6654e9fce99.txt", "001_8034130e071ff64c.txt"
QUOTED = "In the article’s words: “"


def says(text: str, yes: float = 3.0, *, word: float = 0.0, rewritten: str = "") -> Callable[[dict[str, Any]], Any]:
    """A model that writes `text`, answers every check with this much more Yes than No, a question of yes or no with
    `word`, and writes a question as `rewritten`, or as it was."""

    def speak(messages: list[dict[str, str]], options: dict[str, Any]) -> str:
        _, leans, last = messages[-1]["content"].partition("Last question: ")
        return (rewritten or last) if leans else text

    def first_token(messages: list[dict[str, str]]) -> dict[str, float]:
        return {"Yes": -0.05, "No": -0.05 - (yes if "Do the statements" in messages[-1]["content"] else word)}

    return speaks(speak, first_token=first_token)


@pytest.fixture
def ask_with(seeds_dir: Path) -> Callable[..., CheckedAssistant]:
    """An assistant over the seeds whose Ollama server is the given double, which is asked of every sentence."""

    def open_assistant(double: OllamaDouble, model: str = MODEL, **settings: Any) -> CheckedAssistant:
        return always_asking(CheckedAssistant(seeds_dir, "ollama", model, ollama_host=double.url, **settings))

    return open_assistant


Open = Callable[..., CheckedAssistant]


def test_an_answer_cites_the_exact_words_with_what_they_lean_on_and_names_its_engine_and_model(ask_with: Open) -> None:
    # citation marks of the model's own are not trusted
    with OllamaDouble(chat=says(GOOD.replace(".", " [7]."))) as ollama, ask_with(ollama) as dateline:
        answer = dateline.ask(QUESTION)
    assert answer.text == "Hama is about 200 kilometres (125 miles) north of Damascus [1]."
    (citation,) = answer.citations
    assert citation.article == WITHDREW
    assert citation.quote.startswith("Hama is a major intersection point")
    assert "It is about 200 kilometres (125 miles) north of the capital, Damascus" in citation.quote
    assert (answer.engine, answer.model) == ("ollama", MODEL)
    assert answer.usage.prompt_tokens > 0
    assert answer.timings.first_token is not None
    for request in ollama.chats:  # what the server must be told
        assert request["options"] | {"temperature": 0, "seed": 1, "num_ctx": 4096} == request["options"]
        assert (request["keep_alive"], request["think"]) == ("30m", False)


@pytest.mark.parametrize(
    ("question", "draft", "shown", "withheld"),
    [
        (QUESTION, "Hama is 300 kilometres north of Damascus.", QUOTED, "the number 300 is in no article found"),
        ("What happened in Hama?", "Nothing happened there in 2019.", QUOTED, "the number 2019 is in no article found"),
        ("Who controls the police headquarters in Hama now?", "Opposition gunmen.", "As of 5 December 2024: ", None),
    ],
)
def test_what_does_not_hold_is_withheld_and_the_articles_own_words_answer(
    ask_with: Open, question: str, draft: str, shown: str, withheld: str | None
) -> None:
    with OllamaDouble(chat=says(draft)) as ollama, ask_with(ollama) as dateline:
        answer = dateline.ask(question)
    assert not answer.abstained
    assert answer.text.startswith(shown)
    assert "300" not in answer.text and "2019" not in answer.text
    assert withheld is None or withheld in [one.reason for one in answer.withheld]


@pytest.mark.parametrize(("word", "shown"), [(6.0, "Yes: “"), (-6.0, "No: “"), (0.1, QUOTED)])
def test_a_question_of_yes_or_no_gets_the_word_where_the_model_is_sure_and_the_words_that_tell(
    ask_with: Open, word: float, shown: str
) -> None:
    with OllamaDouble(chat=says("Yes, it is.", word=word)) as ollama, ask_with(ollama) as dateline:
        answer = dateline.ask("Is Hama about 200 kilometres from Damascus?")
    assert answer.text.startswith(f"{shown}Hama is a major intersection point")


@pytest.mark.parametrize(
    ("question", "articles"),
    [
        ("Summarise the articles.", {ENTERED, WITHDREW}),
        ("Give me the latest news.", {ENTERED, WITHDREW}),
        ("Summarise what happened in Hama.", set()),
    ],
)
def test_what_has_no_one_answer_is_told_by_the_sentences_that_open_the_articles(
    ask_with: Open, question: str, articles: set[str]
) -> None:
    with OllamaDouble(chat=says("Much.", yes=-8.0)) as ollama, ask_with(ollama) as dateline:
        answer = dateline.ask(question)
    assert answer.sentences
    assert all(QUOTED in sentence.text for sentence in answer.sentences)
    assert {citation.article for citation in answer.citations} >= articles


@pytest.mark.parametrize(
    ("question", "told"),
    [
        ("What is the capital of Australia?", "The passages found do not mention Australia."),
        ("How many articles mention Hama?", "“Articles”"),
        ("Where did Bashar Assad flee to?", "The articles do not answer “Where did Bashar Assad flee to?”"),
        (
            "When did the insurgents capture the city of Homs?",
            "Nearest, but no answer: of Homs they say, on 5 December 2024: “",
        ),
    ],
)
def test_a_refusal_says_what_the_articles_lack_and_have(ask_with: Open, question: str, told: str) -> None:
    with OllamaDouble(chat=says("It was Ivar Stolt.", yes=-8.0)) as ollama, ask_with(ollama) as dateline:
        answer = dateline.ask(question)
    assert answer.abstained
    assert told in answer.text
    assert answer.hits
    assert all("Homs" in citation.quote for citation in answer.citations if "Homs" in question)


def test_each_part_of_a_question_is_answered_and_one_that_is_not_is_named(ask_with: Open) -> None:
    knows, guesses = says(GOOD), says("It is Canberra.", yes=-8.0)

    def chat(request: dict[str, Any]) -> Any:
        return (guesses if "Australia?" in request["messages"][-1]["content"] else knows)(request)

    with OllamaDouble(chat=chat) as ollama, ask_with(ollama) as dateline:
        answer = dateline.ask("How far is Hama from Damascus, and what is the capital of Australia?")
        assert [sentence.text for sentence in answer.sentences] == [GOOD]
        assert answer.notes == ("the articles do not answer “What is the capital of Australia?”",)
        both = dateline.ask("How far is Hama from Damascus, and how far is Homs from Hama?")
    assert both.notes == ()
    assert "25 miles" in "".join(citation.quote for citation in both.citations)


def test_articles_that_differ_are_both_reported_each_with_its_date(tmp_path: Path) -> None:
    folder = tmp_path / "films"
    folder.mkdir()
    (folder / "a.txt").write_text(" date 2020-03-01 Baby Doll is a film of 1956 directed by Elia Kazan.", "utf-8")
    (folder / "b.txt").write_text(" date 2021-04-02 Baby Doll is a film that was directed by Franco Giraldi.", "utf-8")

    def speak(messages: list[dict[str, str]], options: dict[str, Any]) -> str:
        kazan = "Kazan" in messages[-1]["content"]
        return f"{'Elia Kazan' if kazan else 'Franco Giraldi'} directed the film Baby Doll."

    chat = speaks(speak, first_token=lambda messages: {"Yes": -0.05, "No": -4.0})
    with OllamaDouble(chat=chat) as ollama:
        with CheckedAssistant(tmp_path / "data", "ollama", MODEL, ollama_host=ollama.url) as dateline:
            dateline.index(folder)
            answer = dateline.ask("Who directed the film Baby Doll?")
    assert answer.text == (
        "Elia Kazan directed the film Baby Doll [1]. "
        "Another article, of 2 April 2021, says: Franco Giraldi directed the film Baby Doll [2]."
    )
    assert [citation.article for citation in answer.citations] == ["a.txt", "b.txt"]
    assert answer.notes == ("the articles differ: 2 answers, each with its own source",)


def test_the_same_words_in_both_articles_are_one_citation_with_two_carriers(ask_with: Open) -> None:
    said = "Rami Abdurrahman said the fall of Hama means the beginning of the regime’s fall has started."
    with OllamaDouble(chat=says(said)) as ollama, ask_with(ollama) as dateline:
        answer = dateline.ask("What did Rami Abdurrahman say would begin if Hama falls?")
    assert len(answer.citations[0].carriers) == 2


def test_events_come_in_order_and_end_with_the_answer(ask_with: Open) -> None:
    with OllamaDouble(chat=says(GOOD)) as ollama, ask_with(ollama) as dateline:
        kinds = [type(event) for event in dateline.stream(QUESTION)]
    assert kinds[0] is EvidenceFound
    checked = kinds.index(SentenceChecked)
    assert set(kinds[1:checked]) == {TextDelta}
    assert kinds[-1] is AnswerDone and kinds.count(AnswerDone) == 1


def test_the_model_sees_thursday_as_a_date(ask_with: Open) -> None:
    with OllamaDouble(chat=says("The army withdrew on 5 December 2024.")) as ollama, ask_with(ollama) as dateline:
        answer = dateline.ask("On what date did the Syrian army withdraw from Hama?")
    assert "Thursday (5 December 2024)" in ollama.chats[0]["messages"][-1]["content"]
    assert not answer.abstained


def test_a_follow_up_is_asked_as_a_question_that_stands_alone(ask_with: Open) -> None:
    history = [
        {"role": "user", "content": "Who entered Hama?"},
        {"role": "assistant", "content": "Insurgents entered Hama [1], not Damascus."},
    ]
    with OllamaDouble(chat=says(GOOD, rewritten=QUESTION)) as ollama, ask_with(ollama) as dateline:
        answer = dateline.ask("How far is it from Damascus?", history)
    assert answer.question == "How far is it from Damascus?"
    assert answer.standalone_question == QUESTION


@pytest.mark.parametrize(
    ("limits", "found"),
    [({"exclude": [WITHDREW]}, {ENTERED}), ({"as_of": "2024-12-04"}, set()), ({"since": "2024-12-06"}, set())],
)
def test_what_is_excluded_or_of_another_time_is_not_used_and_without_articles_no_model_is_called(
    ask_with: Open, limits: dict[str, Any], found: set[str]
) -> None:
    with OllamaDouble(chat=says(GOOD, yes=-8.0)) as ollama, ask_with(ollama) as dateline:
        answer = dateline.ask(QUESTION, **limits)
    assert {hit.passage.article for hit in answer.hits} == found
    assert {citation.article for citation in answer.citations} <= found
    assert "200" not in answer.text
    assert found or not ollama.chats


@pytest.mark.parametrize("death", [error_in_mid_stream(), cut_connection(), end_without_done()])
def test_a_model_that_dies_in_mid_answer_leaves_what_it_wrote(ask_with: Open, death: Any) -> None:
    with OllamaDouble(chat=death) as ollama, ask_with(ollama) as dateline:
        with pytest.raises(EngineInterrupted) as caught:
            dateline.ask(QUESTION)
    assert caught.value.partial == "To determine how"


def test_a_silent_server_is_a_timeout_and_a_model_that_is_not_there_is_named_with_its_remedy(ask_with: Open) -> None:
    with OllamaDouble(chat=held_open(after=0)) as ollama, ask_with(ollama, timeout=0.2) as dateline:
        with pytest.raises((EngineTimeout, EngineInterrupted)):
            dateline.ask(QUESTION)
    with OllamaDouble() as ollama, ask_with(ollama, "qwen3:4b") as dateline:
        with pytest.raises(ModelMissing, match="dateline pull qwen3:4b"):
            dateline.ask(QUESTION)


@pytest.mark.parametrize(
    ("given", "question", "error", "remedy"),
    [
        ({"engine": "ollama", "ollama_host": "http://127.0.0.1:9"}, QUESTION, EngineUnavailable, "ollama serve"),
        ({"model": "missing.gguf"}, QUESTION, ModelMissing, r"no model file missing\.gguf"),
        ({}, "  \n ", QuestionError, "The question is empty"),
        ({}, "x" * 100_000, QuestionError, "100,000 characters"),
        ({"data_dir": "none"}, QUESTION, IndexMissing, "dateline index FOLDER"),
    ],
)
def test_what_cannot_be_asked_is_told_in_a_sentence(
    seeds_dir: Path,
    tmp_path: Path,
    given: dict[str, Any],
    question: str,
    error: type[DatelineError],
    remedy: str,
) -> None:
    given = {"data_dir": seeds_dir} | given | ({"data_dir": tmp_path / "none"} if "data_dir" in given else {})
    with CheckedAssistant(**given) as dateline, pytest.raises(error, match=remedy):
        dateline.ask(question)
    assert not (tmp_path / "none").exists()


def test_auto_takes_the_largest_chat_model_of_a_laptops_size_or_else_the_embedded_one_and_says_so(
    seeds_dir: Path,
) -> None:
    models = [installed("tiny:1b", "1.2B"), installed("good:4b", "4.0B"), installed("huge:70b", "70B")]
    with OllamaDouble(models=models) as ollama, CheckedAssistant(seeds_dir, ollama_host=ollama.url) as dateline:
        assert (dateline.choice.engine, dateline.choice.model) == ("ollama", "good:4b")
    with OllamaDouble() as ollama, CheckedAssistant(seeds_dir, model="qwen3:4b", ollama_host=ollama.url) as dateline:
        assert dateline.choice.engine == "embedded"
        assert dateline.choice.notes == (
            "qwen2.5-coder-1.5b-instruct-q4_k_m answered instead of qwen3:4b: this Ollama server does not have it",
        )


def test_the_weights_that_answer_are_named_by_their_hash(ask_with: Open, seeds_dir: Path, tmp_path: Path) -> None:
    with OllamaDouble() as ollama, ask_with(ollama, "qwen2.5-coder:0.5b") as dateline:
        assert dateline.choice.digest().startswith("2126e692d33c")
    own = tmp_path / "own.gguf"
    own.write_bytes(b"GGUF")
    with CheckedAssistant(seeds_dir, "embedded", own) as dateline:
        assert dateline.choice.digest() == hashlib.sha256(b"GGUF").hexdigest()
    with CheckedAssistant(seeds_dir, "embedded") as dateline:
        assert len(dateline.choice.digest()) == 64


def test_the_settings_hash_changes_with_what_can_change_an_answer(ask_with: Open) -> None:
    with OllamaDouble(chat=says(GOOD)) as ollama:
        with ask_with(ollama) as one, ask_with(ollama, seed=2) as two:
            assert one.ask(QUESTION).settings != two.ask(QUESTION).settings
            assert one.ask(QUESTION).settings == one.ask(QUESTION).settings


def test_another_model_can_be_taken_into_use_and_one_that_is_missing_changes_nothing(ask_with: Open) -> None:
    with OllamaDouble(chat=says(GOOD)) as ollama, ask_with(ollama) as dateline:
        before = dateline.ask(QUESTION)
        dateline.use("ollama", "qwen2.5-coder:0.5b")
        with pytest.raises(ModelMissing):
            dateline.use("ollama", "no-such-model")
        after = dateline.ask(QUESTION)
    assert (before.model, after.model) == (MODEL, "qwen2.5-coder:0.5b")
    assert before.settings != after.settings
