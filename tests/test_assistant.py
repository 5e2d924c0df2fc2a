"""The whole path on real parts: embedder, judge, Chroma, SQLite; the model is a double of an Ollama server."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from checking import CheckedAssistant
from ollama_double import OllamaDouble, held_open, speaks

from rag import AnswerDone, EvidenceFound, SentenceChecked, TextDelta
from rag.errors import EngineError, ModelMissing

MODEL = "qwen2.5-coder:1.5b"
QUESTION = "How far is Hama from Damascus?"
GOOD = "Hama is about 200 kilometres (125 miles) north of Damascus."
ENTERED, WITHDREW = "000_cd28b6654e9fce99.txt", "001_8034130e071ff64c.txt"
QUOTED = "In the article’s words: “"


def says(text: str, yes: float = 3.0, *, word: float = 0.0) -> Callable[[dict[str, Any]], Any]:
    """A model that writes `text`, answers every check with this much more Yes than No, a question of yes or no with
    `word`, and leaves a question as it was."""

    def speak(messages: list[dict[str, str]], options: dict[str, Any]) -> str:
        _, leans, last = messages[-1]["content"].partition("Last question: ")
        return last if leans else text

    def first_token(messages: list[dict[str, str]]) -> dict[str, float]:
        return {"Yes": -0.05, "No": -0.05 - (yes if "Do the statements" in messages[-1]["content"] else word)}

    return speaks(speak, first_token=first_token)


@pytest.fixture
def ask_with(seeds_dir: Path) -> Callable[..., CheckedAssistant]:
    """An assistant over the seeds whose Ollama server is the given double, which is asked of every sentence."""

    def open_assistant(double: OllamaDouble, model: str = MODEL, **settings: Any) -> CheckedAssistant:
        return CheckedAssistant(seeds_dir, "ollama", model, ollama_host=double.url, **settings)

    return open_assistant


Open = Callable[..., CheckedAssistant]


def test_events_come_in_order_and_end_with_an_answer_that_cites_words_with_what_they_lean_on(ask_with: Open) -> None:
    # citation marks of the model's own are not trusted
    with OllamaDouble(chat=says(GOOD.replace(".", " [7]."))) as ollama, ask_with(ollama) as dateline:
        *events, done = dateline.stream(QUESTION)
    found, *drafted = [type(event) for event in events]
    assert (found, set(drafted[: drafted.index(SentenceChecked)])) == (EvidenceFound, {TextDelta})
    assert isinstance(done, AnswerDone) and AnswerDone not in drafted
    answer = done.answer
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


NEAR, NOW = "Is Hama about 200 kilometres from Damascus?", "As of 5 December 2024: "
TOLD = "Hama is a major intersection point"


@pytest.mark.parametrize(
    ("question", "model", "shown", "withheld", "articles"),
    [
        (QUESTION, says("Hama is 300 kilometres north of Damascus."), QUOTED, "300", ()),
        ("What happened in Hama?", says("Nothing happened there in 2019."), QUOTED, "2019", ()),
        ("Who controls the police headquarters in Hama now?", says("Opposition gunmen."), NOW, None, ()),
        # the word where the model is sure of it, and the words that tell
        (NEAR, says("Yes, it is.", word=6.0), f"Yes: “{TOLD}", None, ()),
        (NEAR, says("Yes, it is.", word=-6.0), f"No: “{TOLD}", None, ()),
        (NEAR, says("Yes, it is.", word=0.1), f"{QUOTED}{TOLD}", None, ()),
        # what has no one answer is told by the sentences that open the articles
        ("Summarise the articles.", says("Much.", yes=-8.0), QUOTED, None, {ENTERED, WITHDREW}),
        ("Give me the latest news.", says("Much.", yes=-8.0), f"{NOW}{QUOTED}", None, {ENTERED, WITHDREW}),
        ("Summarise what happened in Hama.", says("Much.", yes=-8.0), QUOTED, None, ()),
    ],
)
def test_where_no_draft_holds_the_articles_own_words_answer(
    ask_with: Open, question: str, model: Any, shown: str, withheld: str | None, articles: set[str]
) -> None:
    with OllamaDouble(chat=model) as ollama, ask_with(ollama) as dateline:
        answer = dateline.ask(question)
    assert not answer.abstained
    assert answer.text.startswith(shown)
    reasons = [one.reason for one in answer.withheld]
    if withheld:
        assert f"the number {withheld} is in no article found" in reasons and withheld not in answer.text
    assert {citation.article for citation in answer.citations}.issuperset(articles)


def test_a_refusal_shows_what_was_found_and_cites_what_the_articles_say_instead(ask_with: Open) -> None:
    with OllamaDouble(chat=says("It was Ivar Stolt.", yes=-8.0)) as ollama, ask_with(ollama) as dateline:
        answer = dateline.ask("When did the insurgents capture the city of Homs?")
        # what happened to something else is not told by the sentences that open the articles
        assert dateline.ask("What happened to the ferries this week?").abstained
    assert answer.abstained and answer.hits
    assert "Nearest, but no answer: of Homs they say, on 5 December 2024: “" in answer.text
    assert ["Homs" in citation.quote for citation in answer.citations] == [True]


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


@pytest.mark.parametrize(
    ("limits", "found"),
    [({"exclude": [WITHDREW]}, {ENTERED}), ({"as_of": "2024-12-04"}, set()), ({"since": "2024-12-06"}, set())],
)
def test_what_is_excluded_or_of_another_time_is_unused(ask_with: Open, limits: dict[str, Any], found: set[str]) -> None:
    with OllamaDouble(chat=says(GOOD, yes=-8.0)) as ollama, ask_with(ollama) as dateline:
        answer = dateline.ask(QUESTION, **limits)
    assert {hit.passage.article for hit in answer.hits} == found
    assert {citation.article for citation in answer.citations} <= found
    assert "200" not in answer.text
    assert found or not ollama.chats  # without articles no model is called


def test_a_server_is_waited_for_as_long_as_the_settings_say(ask_with: Open) -> None:
    with OllamaDouble(chat=held_open(after=0)) as ollama, ask_with(ollama, timeout=0.2) as dateline:
        with pytest.raises(EngineError):
            dateline.ask(QUESTION)


def test_the_weights_that_answer_are_named_by_their_hash(ask_with: Open, seeds_dir: Path, tmp_path: Path) -> None:
    with OllamaDouble() as ollama, ask_with(ollama, "qwen2.5-coder:0.5b") as dateline:
        assert dateline.choice.digest().startswith("2126e692d33c")
    own = tmp_path / "own.gguf"
    own.write_bytes(b"GGUF")
    with CheckedAssistant(seeds_dir, "embedded", own) as dateline:
        assert dateline.choice.digest() == hashlib.sha256(b"GGUF").hexdigest()
    with CheckedAssistant(seeds_dir, "embedded") as dateline:
        assert len(dateline.choice.digest()) == 64


def test_the_settings_hash_changes_with_the_seed_and_with_a_model_taken_into_use(ask_with: Open) -> None:
    with OllamaDouble(chat=says(GOOD)) as ollama, ask_with(ollama) as dateline, ask_with(ollama, seed=2) as other:
        before, again, of_other_seed = dateline.ask(QUESTION), dateline.ask(QUESTION), other.ask(QUESTION)
        dateline.use("ollama", "qwen2.5-coder:0.5b")
        with pytest.raises(ModelMissing):
            dateline.use("ollama", "no-such-model")
        after = dateline.ask(QUESTION)
    assert (before.model, after.model) == (MODEL, "qwen2.5-coder:0.5b")
    assert before.settings == again.settings
    assert len({before.settings, of_other_seed.settings, after.settings}) == 3
