"""The whole path on real parts: embedder, Chroma, SQLite; the model is a double of an Ollama server."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
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

from evals.refusing import reads_as_refusal
from rag import AnswerDone, EvidenceFound, SentenceChecked, TextDelta
from rag.errors import EngineInterrupted, EngineTimeout, EngineUnavailable, IndexMissing, ModelMissing, QuestionError

QUESTION = "How far is Hama from Damascus?"
GOOD = "Hama is about 200 kilometres (125 miles) north of Damascus."


def says(text: str, yes: float = 3.0) -> Callable[[dict[str, Any]], Any]:
    """A model that writes `text`, and answers every check with this much more Yes than No."""
    return speaks(lambda messages, options: text, first_token=lambda messages: {"Yes": -0.05, "No": -0.05 - yes})


@pytest.fixture
def ask_with(seeds_dir: Path) -> Callable[..., CheckedAssistant]:
    """An assistant over the seeds whose Ollama server is the given double."""

    def open_assistant(double: OllamaDouble, **settings: Any) -> CheckedAssistant:
        return CheckedAssistant(seeds_dir, "ollama", "qwen2.5-coder:1.5b", ollama_host=double.url, **settings)

    return open_assistant


Open = Callable[..., CheckedAssistant]


def test_an_answer_cites_the_exact_words(ask_with: Open) -> None:
    with OllamaDouble(chat=says(GOOD)) as ollama, ask_with(ollama) as dateline:
        answer = dateline.ask(QUESTION)
    assert answer.text == "Hama is about 200 kilometres (125 miles) north of Damascus [1]."
    (citation,) = answer.citations
    assert citation.article == "001_8034130e071ff64c.txt"
    assert "It is about 200 kilometres (125 miles) north of the capital, Damascus" in citation.quote


def test_the_quote_of_a_sentence_that_leans_back_holds_what_it_leans_on(ask_with: Open) -> None:
    with OllamaDouble(chat=says(GOOD)) as ollama, ask_with(ollama) as dateline:
        answer = dateline.ask(QUESTION)
    assert answer.citations[0].quote.startswith("Hama is a major intersection point")


def test_a_number_that_no_article_has_is_withheld(ask_with: Open) -> None:
    with OllamaDouble(chat=says("Hama is about 300 kilometres north of Damascus.", yes=-4.0)) as ollama:
        with ask_with(ollama) as dateline:
            answer = dateline.ask(QUESTION)
    assert answer.abstained
    assert [withheld.reason for withheld in answer.withheld] == ["the number 300 is in no article found"]


def test_where_the_draft_does_not_hold_the_articles_own_words_answer(ask_with: Open) -> None:
    with OllamaDouble(chat=says("Hama is about 300 kilometres north of Damascus.")) as ollama:
        with ask_with(ollama) as dateline:
            answer = dateline.ask(QUESTION)
    assert not answer.abstained
    assert answer.text.startswith("In the article’s words: “Hama is a major intersection point")
    assert "It is about 200 kilometres (125 miles) north of the capital, Damascus" in answer.text
    assert [withheld.reason for withheld in answer.withheld] == ["the number 300 is in no article found"]


def test_a_bare_yes_is_never_shown(ask_with: Open) -> None:
    with OllamaDouble(chat=says("Yes, it is.")) as ollama, ask_with(ollama) as dateline:
        answer = dateline.ask("Is Hama about 200 kilometres from Damascus?")
    assert "Yes" not in answer.text
    assert answer.text.startswith("In the article’s words: “Hama is a major intersection point")


def test_words_of_another_speaker_do_not_answer(ask_with: Open) -> None:
    said = "Russia said that if Hama falls, it means that the beginning of the regime's fall has started."
    with OllamaDouble(chat=says(said)) as ollama, ask_with(ollama) as dateline:
        answer = dateline.ask("What did Russia say about the fall of Hama?")
    assert [withheld.reason for withheld in answer.withheld] == ["the quote is Rami Abdurrahman’s, not Russia’s"]
    assert not any("regime’s fall" in sentence.text for sentence in answer.sentences)


def test_what_happened_is_answered_from_the_sentences_that_open_the_articles(ask_with: Open) -> None:
    with OllamaDouble(chat=says("Nothing happened.", yes=-6.0)) as ollama, ask_with(ollama) as dateline:
        answer = dateline.ask("What happened in Hama?")
    statements = ollama.chats[0]["messages"][-1]["content"]
    assert "[1] Syrian insurgents have entered the central city of Hama" in statements or (
        "[1] The Syrian army says it has withdrawn from the central city of Hama" in statements
    )
    assert not answer.abstained
    assert all(sentence.text.startswith("In the article’s words: ") for sentence in answer.sentences)


def test_a_summary_is_the_sentences_that_open_the_articles(ask_with: Open) -> None:
    with OllamaDouble() as ollama, ask_with(ollama) as dateline:
        answer = dateline.ask("Summarise the articles.")
    assert ollama.chats == []
    assert {citation.article for citation in answer.citations} == {
        "000_cd28b6654e9fce99.txt",
        "001_8034130e071ff64c.txt",
    }
    assert "withdrawn from the central city of Hama" in answer.text


def test_a_refusal_cites_what_the_articles_say_of_the_same_name(ask_with: Open) -> None:
    with OllamaDouble(chat=says("The insurgents captured Homs.", yes=-4.0)) as ollama, ask_with(ollama) as dateline:
        answer = dateline.ask("When did the insurgents capture the city of Homs?")
    assert answer.abstained
    assert "Nearest, but no answer: of Homs they say, on 5 December 2024: “" in answer.text
    assert "Homs" in answer.citations[0].quote


def test_a_question_of_two_parts_gets_an_answer_to_each(ask_with: Open) -> None:
    def speak(messages: list[dict[str, str]], options: dict[str, Any]) -> str:
        far = "How far" in messages[-1]["content"].rsplit("Question:", 1)[1]
        return GOOD if far else "Rami Abdurrahman is the Observatory’s chief."

    chat = speaks(speak, first_token=lambda messages: {"Yes": -0.05, "No": -4.0})
    with OllamaDouble(chat=chat) as ollama, ask_with(ollama) as dateline:
        answer = dateline.ask("How far is Hama from Damascus, and who is the Observatory’s chief?")
    assert answer.sentences[0].text == GOOD
    assert "Rami Abdurrahman" in answer.sentences[1].text
    assert answer.sentences[0].citations != answer.sentences[1].citations


def test_the_part_that_the_articles_do_not_answer_is_named(ask_with: Open) -> None:
    with OllamaDouble(chat=says(GOOD)) as ollama, ask_with(ollama) as dateline:
        answer = dateline.ask("How far is Hama from Damascus, and what is the capital of Australia?")
    assert not answer.abstained
    assert [sentence.text for sentence in answer.sentences] == [GOOD]
    assert "the articles do not answer “What is the capital of Australia?”" in answer.notes


def test_a_comparison_gives_each_articles_words_with_its_date_and_asks_no_model(ask_with: Open) -> None:
    with OllamaDouble() as ollama, ask_with(ollama) as dateline:
        answer = dateline.ask("Compare what the two articles say about the distance from Hama to Homs.")
    assert ollama.chats == []
    assert len({citation.article for citation in answer.citations}) == 2
    assert all(sentence.text.startswith("The article, of 5 December 2024, says: “") for sentence in answer.sentences)
    assert any("about 25 miles south of Hama" in sentence.text for sentence in answer.sentences)
    assert any("about 40 kilometres (25 miles) south of Hama" in sentence.text for sentence in answer.sentences)


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
        with CheckedAssistant(tmp_path / "data", "ollama", "qwen2.5-coder:1.5b", ollama_host=ollama.url) as dateline:
            dateline.index(folder)
            answer = dateline.ask("Who directed the film Baby Doll?")
    assert answer.text == (
        "Elia Kazan directed the film Baby Doll [1]. "
        "Another article, of 2 April 2021, says: Franco Giraldi directed the film Baby Doll [2]."
    )
    assert [citation.article for citation in answer.citations] == ["a.txt", "b.txt"]
    assert answer.notes == ("the articles differ: 2 answers, each with its own source",)


def test_the_questions_own_words_narrow_the_articles(ask_with: Open) -> None:
    with OllamaDouble() as ollama, ask_with(ollama) as dateline:
        answer = dateline.ask("What was said about Hama before 5 December 2024?")
    assert answer.abstained
    assert answer.hits == ()
    assert answer.notes[-1] == "only articles of that time were read: the question says “before 5 December 2024”"


def test_an_answer_that_holds_for_a_time_says_as_of_when(ask_with: Open) -> None:
    said = "Opposition gunmen now control the police command headquarters in Hama."
    with OllamaDouble(chat=says(said)) as ollama, ask_with(ollama) as dateline:
        answer = dateline.ask("Who controls the police command headquarters in Hama now?")
    assert answer.text.startswith("As of 5 December 2024: ")


def test_a_sentence_that_the_model_itself_denies_is_withheld(ask_with: Open) -> None:
    with OllamaDouble(chat=says("Bashar Assad fled to Damascus.", yes=-6.0)) as ollama, ask_with(ollama) as dateline:
        answer = dateline.ask("Where did Bashar Assad flee to?")
    assert answer.abstained
    assert answer.text.startswith("The articles do not answer “Where did Bashar Assad flee to?”")
    assert answer.hits


def test_without_evidence_no_model_is_called(ask_with: Open) -> None:
    with OllamaDouble(chat=says("Canberra.")) as ollama, ask_with(ollama) as dateline:
        answer = dateline.ask("What is the capital of Australia?")
    assert answer.abstained
    assert "Australia" in answer.text
    assert ollama.chats == []


@pytest.mark.parametrize("question", ["How many articles mention Hama?", "What is the latest article about?"])
def test_a_question_about_the_articles_themselves_is_told_where_they_are_listed(ask_with: Open, question: str) -> None:
    with OllamaDouble(chat=says("Two articles mention Hama.")) as ollama, ask_with(ollama) as dateline:
        answer = dateline.ask(question)
    assert answer.abstained
    assert "“Articles”" in answer.text
    assert reads_as_refusal(answer.text)
    assert answer.hits
    assert ollama.chats == []


def test_a_month_is_not_a_name_that_the_passages_lack(ask_with: Open) -> None:
    with OllamaDouble(chat=says("Russia sent 10 aircraft.", yes=-4.0)) as ollama, ask_with(ollama) as dateline:
        answer = dateline.ask("How many aircraft did Russia send to Syria in December?")
    assert answer.abstained
    assert "do not mention" not in answer.text


def test_citation_marks_of_the_models_own_are_not_trusted(ask_with: Open) -> None:
    with OllamaDouble(chat=says("Hama is about 200 kilometres north of Damascus [7].")) as ollama:
        with ask_with(ollama) as dateline:
            answer = dateline.ask(QUESTION)
    assert "[7]" not in answer.text
    assert "[1]" in answer.text


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


def test_the_check_begins_as_the_draft_does_with_the_best_statement(ask_with: Open) -> None:
    with OllamaDouble(chat=says(GOOD)) as ollama, ask_with(ollama) as dateline:
        dateline.ask(QUESTION)
    draft, check = (request["messages"][-1]["content"] for request in ollama.chats[:2])
    assert check.endswith("Do the statements say the answer to this question? Answer Yes or No.")
    assert draft.startswith(check[: check.index("\n\nQuestion:")])
    assert "[2]" in draft and "[2]" not in check


def test_the_model_sees_thursday_as_a_date(ask_with: Open) -> None:
    with OllamaDouble(chat=says("The army withdrew on 5 December 2024.")) as ollama, ask_with(ollama) as dateline:
        answer = dateline.ask("On what date did the Syrian army withdraw from Hama?")
    assert "Thursday morning (5 December 2024)" in ollama.chats[0]["messages"][-1]["content"]
    assert not answer.abstained


def test_what_the_server_must_be_told_is_always_sent(ask_with: Open) -> None:
    with OllamaDouble(chat=says(GOOD)) as ollama, ask_with(ollama) as dateline:
        dateline.ask(QUESTION)
    for request in ollama.chats:
        assert request["options"]["temperature"] == 0
        assert request["options"]["seed"] == 1
        assert request["options"]["num_ctx"] == 4096
        assert request["keep_alive"] == "30m"
        assert request["think"] is False


def test_a_follow_up_is_asked_as_a_question_that_stands_alone(ask_with: Open) -> None:
    def speak(messages: list[dict[str, str]], options: dict[str, Any]) -> str:
        return "How far is Hama from Damascus?" if "Last question" in messages[-1]["content"] else GOOD

    chat = speaks(speak, first_token=lambda messages: {"Yes": -0.05, "No": -3.0})
    history = [
        {"role": "user", "content": "Who entered Hama?"},
        {"role": "assistant", "content": "Insurgents entered Hama [1], not Damascus."},
    ]
    with OllamaDouble(chat=chat) as ollama, ask_with(ollama) as dateline:
        answer = dateline.ask("How far is it from Damascus?", history)
    assert answer.question == "How far is it from Damascus?"
    assert answer.standalone_question == "How far is Hama from Damascus?"


def test_excluded_articles_are_not_used(ask_with: Open) -> None:
    with OllamaDouble(chat=says(GOOD, yes=-4.0)) as ollama, ask_with(ollama) as dateline:
        answer = dateline.ask(QUESTION, exclude=["001_8034130e071ff64c.txt"])
    assert answer.abstained
    assert {hit.passage.article for hit in answer.hits} == {"000_cd28b6654e9fce99.txt"}


def test_articles_later_than_the_day_of_the_question_are_hidden(ask_with: Open) -> None:
    with OllamaDouble() as ollama, ask_with(ollama) as dateline:
        answer = dateline.ask(QUESTION, as_of="2024-12-04")
    assert answer.abstained
    assert answer.hits == ()


def test_every_answer_names_engine_and_model(ask_with: Open) -> None:
    with OllamaDouble(chat=says(GOOD)) as ollama, ask_with(ollama) as dateline:
        answer = dateline.ask(QUESTION)
    assert (answer.engine, answer.model) == ("ollama", "qwen2.5-coder:1.5b")
    assert answer.usage.prompt_tokens > 0
    assert answer.timings.first_token is not None


@pytest.mark.parametrize("death", [error_in_mid_stream(), cut_connection(), end_without_done()])
def test_a_model_that_dies_in_mid_answer_leaves_what_it_wrote(ask_with: Open, death: Any) -> None:
    with OllamaDouble(chat=death) as ollama, ask_with(ollama) as dateline:
        with pytest.raises(EngineInterrupted) as caught:
            dateline.ask(QUESTION)
    assert caught.value.partial == "To determine how"


def test_a_silent_server_is_a_timeout(ask_with: Open) -> None:
    with OllamaDouble(chat=held_open(after=0)) as ollama, ask_with(ollama, timeout=0.2) as dateline:
        with pytest.raises((EngineTimeout, EngineInterrupted)):
            dateline.ask(QUESTION)


def test_a_model_that_is_not_there_is_named_with_its_remedy(seeds_dir: Path) -> None:
    with (
        OllamaDouble() as ollama,
        CheckedAssistant(seeds_dir, "ollama", "qwen3:4b", ollama_host=ollama.url) as dateline,
    ):
        with pytest.raises(ModelMissing, match="dateline pull qwen3:4b"):
            dateline.ask(QUESTION)


def test_auto_takes_the_largest_chat_model_of_a_laptops_size(seeds_dir: Path) -> None:
    models = [installed("tiny:1b", "1.2B"), installed("good:4b", "4.0B"), installed("huge:70b", "70B")]
    with OllamaDouble(models=models) as ollama, CheckedAssistant(seeds_dir, ollama_host=ollama.url) as dateline:
        assert (dateline.choice.engine, dateline.choice.model) == ("ollama", "good:4b")


def test_the_weights_that_answer_are_named_by_their_hash(seeds_dir: Path, tmp_path: Path) -> None:
    with OllamaDouble() as ollama:
        with CheckedAssistant(seeds_dir, "ollama", "qwen2.5-coder:0.5b", ollama_host=ollama.url) as dateline:
            assert dateline.choice.digest().startswith("2126e692d33c")
    own = tmp_path / "own.gguf"
    own.write_bytes(b"GGUF")
    with CheckedAssistant(seeds_dir, "embedded", own) as dateline:
        assert dateline.choice.digest() == hashlib.sha256(b"GGUF").hexdigest()
    with CheckedAssistant(seeds_dir, "embedded") as dateline:
        assert len(dateline.choice.digest()) == 64


def test_auto_falls_back_to_the_embedded_engine_and_says_so(seeds_dir: Path) -> None:
    with OllamaDouble() as ollama:
        with CheckedAssistant(seeds_dir, model="qwen3:4b", ollama_host=ollama.url) as dateline:
            assert dateline.choice.engine == "embedded"
            assert dateline.choice.notes == (
                "qwen2.5-coder-1.5b-instruct-q4_k_m answered instead of qwen3:4b: this Ollama server does not have it",
            )


def test_ollama_asked_for_by_name_but_not_running_is_an_error(seeds_dir: Path) -> None:
    with CheckedAssistant(seeds_dir, "ollama", ollama_host="http://127.0.0.1:9") as dateline:
        with pytest.raises(EngineUnavailable, match="ollama serve"):
            dateline.ask(QUESTION)


def test_a_gguf_file_that_is_not_there_is_an_error(seeds_dir: Path) -> None:
    with CheckedAssistant(seeds_dir, model="missing.gguf") as dateline:
        with pytest.raises(ModelMissing, match=r"no model file missing\.gguf"):
            dateline.ask(QUESTION)


def test_an_empty_question_is_an_error(seeds_dir: Path) -> None:
    with CheckedAssistant(seeds_dir) as dateline, pytest.raises(QuestionError, match="The question is empty"):
        dateline.ask("  \n ")


def test_a_question_of_a_hundred_thousand_characters_is_an_error(seeds_dir: Path) -> None:
    with CheckedAssistant(seeds_dir) as dateline, pytest.raises(QuestionError, match="100,000 characters"):
        dateline.ask("x" * 100_000)


def test_asking_before_indexing_says_what_to_do(tmp_path: Path) -> None:
    with CheckedAssistant(tmp_path / "none") as dateline, pytest.raises(IndexMissing, match="dateline index FOLDER"):
        dateline.ask(QUESTION)
    assert not (tmp_path / "none").exists()


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
    assert (before.model, after.model) == ("qwen2.5-coder:1.5b", "qwen2.5-coder:0.5b")
    assert before.settings != after.settings
