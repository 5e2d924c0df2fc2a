"""The whole path on real parts: embedder, judge, Chroma, SQLite; the model is a double of an Ollama server."""

import hashlib
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import pytest
from app_helpers import MODEL, QUESTION, RIGHT, on_ollama
from checking import CheckedAssistant
from conftest import Write
from index_helpers import written
from ollama_double import OllamaDouble, held_open, speaks

from rag import Answer, AnswerDone, Assistant, EvidenceFound, SentenceChecked, TextDelta, listing
from rag.errors import EngineTimeout, ModelMissing
from rag.reply import Reply

ENTERED, WITHDREW = "000_cd28b6654e9fce99.txt", "001_8034130e071ff64c.txt"
QUOTED = "In the article’s words: “"
Answered = Callable[..., Answer]


def says(drafts: str | dict[str, str], yes: float = 0.0) -> Callable[[dict[str, Any]], Any]:
    """A model that writes this, or what stands behind the first of these words in its prompt; it leans towards Yes so
    much in a question of yes or no, and leaves a question as it was."""

    def speak(messages: list[dict[str, str]], options: object) -> str:
        told = messages[-1]["content"]
        _, leans, last = told.partition("Last question: ")
        by_words = {"": drafts} if isinstance(drafts, str) else drafts
        return last if leans else next(draft for words, draft in by_words.items() if words in told)

    return speaks(speak, first_token=lambda messages: {"Yes": -0.05, "No": -0.05 - yes})


@pytest.fixture
def answered(tmp_path: Path, folder: Path) -> Answered:
    """answered(question, drafts): from the articles of the folder."""

    def ask(question: str, drafts: str | dict[str, str], **settings: object) -> Answer:
        with OllamaDouble(chat=says(drafts)) as server, on_ollama(tmp_path / "data", server, **settings) as dateline:
            dateline.index(folder)
            return dateline.ask(question)

    return ask


def test_events_come_in_order_and_end_with_an_answer_that_cites_words_with_what_they_lean_on(seeds_dir: Path) -> None:
    # citation marks of the model's own are not trusted
    with OllamaDouble(chat=says(RIGHT.replace(".", " [7]."))) as ollama, on_ollama(seeds_dir, ollama) as dateline:
        *events, done = dateline.stream(QUESTION)
    found, *drafted = [type(event) for event in events]
    assert (found, set(drafted[: drafted.index(SentenceChecked)])) == (EvidenceFound, {TextDelta})
    assert isinstance(done, AnswerDone) and AnswerDone not in drafted
    answer = done.answer
    assert answer.text == RIGHT.replace(".", " [1].")
    (citation,) = answer.citations
    assert citation.article == WITHDREW
    assert citation.quote.startswith("Hama is a major intersection point")
    assert "It is about 200 kilometres (125 miles) north of the capital, Damascus" in citation.quote
    assert (answer.engine, answer.model) == ("ollama", MODEL)
    assert answer.usage.prompt_tokens and answer.timings.first_token


NEAR, NOW = "Is Hama about 200 kilometres from Damascus?", "As of 5 December 2024: "
TOLD = "Hama is a major intersection point"


@pytest.mark.parametrize(
    ("question", "model", "shown", "withheld", "articles"),
    [
        (QUESTION, says("Hama is 300 kilometres north of Damascus."), QUOTED, "300", ()),
        ("What happened in Hama?", says("Nothing happened there in 2019."), QUOTED, "2019", ()),
        ("Who controls the police headquarters in Hama now?", says("Opposition gunmen."), NOW, None, ()),
        # the word where the model is sure of it, and the words that tell
        (NEAR, says("Yes, it is.", yes=6.0), f"Yes: “{TOLD}", None, ()),
        (NEAR, says("Yes, it is.", yes=-6.0), f"No: “{TOLD}", None, ()),
        (NEAR, says("Yes, it is.", yes=0.1), f"{QUOTED}{TOLD}", None, ()),
        # what has no one answer is told by the sentences that open the articles
        ("Summarise the articles.", says("Much."), "- 5 December 2024: “", None, {ENTERED, WITHDREW}),
        ("Give me the latest news.", says("Much."), f"{NOW}{QUOTED}", None, {ENTERED, WITHDREW}),
        ("Summarise what happened in Hama.", says("Much."), "- 5 December 2024: “", None, ()),
    ],
)
def test_where_no_draft_holds_the_articles_own_words_answer(
    seeds_dir: Path, question: str, model: Any, shown: str, withheld: str | None, articles: set[str]
) -> None:
    with OllamaDouble(chat=model) as ollama, on_ollama(seeds_dir, ollama) as dateline:
        answer = dateline.ask(question)
    assert not answer.abstained
    assert answer.text.startswith(shown)
    reasons = [one.reason for one in answer.withheld]
    if withheld:
        assert f"the number {withheld} is in no article found" in reasons and withheld not in answer.text
    assert {citation.article for citation in answer.citations}.issuperset(articles)


def test_a_refusal_shows_what_was_found_and_cites_what_the_articles_say_instead(seeds_dir: Path) -> None:
    with OllamaDouble(chat=says("It was Ivar Stolt.")) as ollama, on_ollama(seeds_dir, ollama) as dateline:
        answer = dateline.ask("When did the insurgents capture the city of Homs?")
        # what happened to something else is not told by the sentences that open the articles
        assert dateline.ask("What happened to the ferries this week?").abstained
    assert answer.abstained and answer.hits
    assert "Nearest, but no answer: of Homs they say, on 5 December 2024: “" in answer.text
    assert ["Homs" in citation.quote for citation in answer.citations] == [True]


def test_each_part_of_a_question_is_answered_and_one_that_is_not_is_named(seeds_dir: Path) -> None:
    double = OllamaDouble(chat=says({"Australia?": "It is Canberra.", "": RIGHT}))
    with double as ollama, on_ollama(seeds_dir, ollama) as dateline:
        answer = dateline.ask("How far is Hama from Damascus, and what is the capital of Australia?")
        both = dateline.ask("How far is Hama from Damascus, and how far is Homs from Hama?")
    assert [sentence.text for sentence in answer.sentences] == [RIGHT]
    assert (answer.notes, both.notes) == (("the articles do not answer “What is the capital of Australia?”",), ())
    assert "25 miles" in "".join(citation.quote for citation in both.citations)


def test_what_is_excluded_or_of_another_time_is_unused(seeds_dir: Path) -> None:
    with OllamaDouble(chat=says(RIGHT)) as ollama, on_ollama(seeds_dir, ollama) as dateline:
        for limits in ({"as_of": "2024-12-04"}, {"since": "2024-12-06"}):
            answer = dateline.ask(QUESTION, **limits)
            assert (answer.hits, answer.citations, answer.abstained) == ((), (), True)
        assert not ollama.chats  # without articles no model is called
        answer = dateline.ask(QUESTION, exclude=[WITHDREW])
    assert {hit.passage.article for hit in answer.hits} == {ENTERED}
    assert {citation.article for citation in answer.citations} <= {ENTERED}
    assert "200" not in answer.text


@pytest.mark.parametrize("gone", [(WITHDREW,), (ENTERED, WITHDREW)])
@pytest.mark.parametrize("anew", [False, True])
@pytest.mark.parametrize("length", ["short", "full"])
def test_what_goes_or_is_written_anew_while_one_asks_is_not_cited_as_it_was(
    tmp_path: Path, folder: Path, seeds: Path, length: Literal["short", "full"], anew: bool, gone: tuple[str, ...]
) -> None:
    shutil.copytree(seeds, folder, dirs_exist_ok=True)
    with (
        OllamaDouble(chat=says(RIGHT)) as ollama,
        Assistant(tmp_path, "ollama", MODEL, ollama_host=ollama.url) as asked,
    ):
        asked.index(folder)
        events = asked.stream("Tell me about the fall of Hama.", length=length)
        assert isinstance(next(events), EvidenceFound)
        articles, wanted = asked.list("Hama"), listing.wanted("Which articles mention Hama?", None)
        for name in gone:
            (folder / name).unlink()
            if anew:
                written(folder, name, "The mill of Lenn burned.\n\n" * 9)
        asked.index(folder, shrink=True)
        *_, done = events
        assert isinstance(done, AnswerDone) and wanted
        of_list = Reply("")
        list(listing.answer(wanted, articles, of_list, asked.articles))
        there = {id: asked.article(id).text for id in asked.articles.article_ids()}
        for cited in (*done.answer.citations, *of_list.cited.values()):
            assert there[cited.article][cited.start : cited.end] == cited.quote
        assert len(of_list.cited) == len(there)
        assert done.answer.abstained == (len(gone) == 2)


def test_what_the_settings_say_the_server_is_told_and_waited_for_no_longer(seeds_dir: Path) -> None:
    told = {"seed": 7, "context_tokens": 2048, "keep_alive": "5m", "timeout": 0.2}
    with OllamaDouble(chat=held_open(after=0)) as ollama, on_ollama(seeds_dir, ollama, **told) as dateline:
        with pytest.raises(EngineTimeout):
            dateline.ask(QUESTION)
    (request,) = ollama.chats
    assert (request["options"]["seed"], request["options"]["num_ctx"], request["keep_alive"]) == (7, 2048, "5m")


def test_the_weights_that_answer_are_named_by_their_hash(seeds_dir: Path, tmp_path: Path) -> None:
    with OllamaDouble() as ollama, on_ollama(seeds_dir, ollama, "qwen2.5-coder:0.5b") as dateline:
        assert dateline.choice.digest().startswith("2126e692d33c")
    own = tmp_path / "own.gguf"
    own.write_bytes(b"GGUF")
    with CheckedAssistant(seeds_dir, "embedded", own) as dateline:
        assert dateline.choice.digest() == hashlib.sha256(b"GGUF").hexdigest()


def test_the_settings_hash_changes_with_the_seed_and_with_a_model_taken_into_use(seeds_dir: Path) -> None:
    with (
        OllamaDouble(chat=says(RIGHT)) as ollama,
        on_ollama(seeds_dir, ollama) as dateline,
        on_ollama(seeds_dir, ollama, seed=2) as other,
    ):
        before, again, of_other_seed = dateline.ask(QUESTION), dateline.ask(QUESTION), other.ask(QUESTION)
        dateline.use("ollama", "qwen2.5-coder:0.5b")
        with pytest.raises(ModelMissing):
            dateline.use("ollama", "no-such-model")
        after = dateline.ask(QUESTION)
    assert (before.model, after.model) == (MODEL, "qwen2.5-coder:0.5b")
    assert before.settings == again.settings
    assert len({before.settings, of_other_seed.settings, after.settings}) == 3


# what becomes of a draft


TRAM = "people were hurt when a tram left the rails"
HURT = "How many people were hurt when the tram left the rails in Sundvik?"


def test_what_a_later_article_takes_back_is_led_by_the_correction(answered: Answered, write: Write) -> None:
    write("a.txt", f"Eleven {TRAM} in Sundvik, it said.", "2024-06-02")
    corrected = "Three people were hurt in Sundvik when a tram left the rails, not eleven."
    write("b.txt", f"Correction: An article on Sunday gave a wrong number. {corrected}", "2024-06-04")
    answer = answered(HURT, f"Eleven {TRAM}.")
    assert [citation.article for citation in answer.citations] == ["b.txt", "a.txt"]
    assert answer.text.startswith("Corrected on 4 June 2024: “")
    assert "Before the correction, on 2 June 2024: " in answer.text


def test_where_figures_differ_the_newest_leads_and_wire_copy_is_one_voice(answered: Answered, write: Write) -> None:
    write("old.txt", f"Three {TRAM} in Sundvik. It was on its way to the harbour.", "2024-06-02")
    write("copy.txt", f"Three {TRAM} in Sundvik. This page is free to read.", "2024-06-03")
    write("new.txt", f"Eleven {TRAM} in Sundvik, a doctor said.", "2024-06-05")
    answer = answered(HURT, {f"] {count} people": f"{count} {TRAM}." for count in ("Three", "Eleven")})
    first, second = (sentence.text for sentence in answer.sentences)
    assert first == f"{QUOTED}Eleven {TRAM} in Sundvik, a doctor said.”"
    assert second.startswith("Another article, of ") and second.endswith(f"June 2024, says: Three {TRAM}.")
    assert answer.notes == ("the articles differ: 2 answers, each with its own source",)
    assert [set(citation.carriers) for citation in answer.citations] == [{"new.txt"}, {"old.txt", "copy.txt"}]


def test_articles_that_differ_are_both_reported_each_with_its_date(answered: Answered, write: Write) -> None:
    write("a.txt", "Baby Doll is a film of 1956 directed by Elia Kazan.", "2020-03-01")
    write("b.txt", "Baby Doll is a film that was directed by Franco Giraldi.", "2021-04-02")
    kazan, giraldi = (f"{name} directed the film Baby Doll" for name in ("Elia Kazan", "Franco Giraldi"))
    answer = answered("Who directed the film Baby Doll?", {"Elia Kazan": f"{kazan}.", "": f"{giraldi}."})
    assert answer.text == f"{kazan} [1]. Another article, of 2 April 2021, says: {giraldi} [2]."
    assert [citation.article for citation in answer.citations] == ["a.txt", "b.txt"]


def test_other_words_in_the_place_of_the_answer_are_shown_whatever_the_model_makes_of_them(
    answered: Answered, write: Write
) -> None:
    line = "In October 2007 Velnet closed the old line and calls its new and faster one the {} line."
    write("a.txt", line.format("Gorm"), "2024-06-02")
    write(
        "b.txt", f"Velnet calls its new line fast. People call the new line late. {line.format('Torp')}", "2024-06-02"
    )
    gorm, unsupported = "Velnet calls its new line the Gorm line.", "Ana Holt calls it the line of Lenn."
    answer = answered("What does Velnet call its new line?", {"Gorm": gorm, "": unsupported})
    assert re.findall("Gorm|Torp", answer.text) == ["Gorm", "Torp"]
    assert [citation.article for citation in answer.citations] == ["a.txt", "b.txt"]


def test_an_article_that_is_far_less_likely_to_answer_is_no_second_voice(answered: Answered, write: Write) -> None:
    write("a.txt", "Rebels seize airfield in Kasuma\n\nThe rebels demand a share of the income from the mines.")
    write("b.txt", "Kasuma and rebels sign truce\n\nThe rebels will hand back the airfield to 600 peacekeepers.")
    share, airfield = (f"The rebels in Kasuma want {what}" for what in ("a share of the income", "the airfield back"))
    answer = answered("What do the rebels in Kasuma want?", {"income": f"{share}.", "": f"{airfield}."})
    assert answer.text == f"{share} [1]."


def test_what_somebody_says_is_not_told_as_a_fact(answered: Answered, write: Write) -> None:
    bought = "Boreal Motors bought the port of Lenn"
    write("a.txt", f"{bought}, a rival said.", "2024-06-02")
    assert answered("Who bought the port of Lenn?", f"{bought}.").text.startswith(f"{QUOTED}{bought}, a rival")
    assert answered("Who is said to have bought the port of Lenn?", f"{bought}.").text == f"{bought} [1]."


def test_what_does_not_fit_the_models_window_is_noted(answered: Answered, write: Write) -> None:
    for n in range(9):
        write(f"{n}.txt", f"On day {n} Ana Torp, who runs the port of Lenn, met {'very ' * 60}old men.", "2024-06-02")
    answer = answered("Who runs the port of Lenn?", "Ana Torp runs the port of Lenn.", context_tokens=600)
    assert answer.sentences[0].text == "Ana Torp runs the port of Lenn."
    assert any("left out: the model's window is full" in note for note in answer.notes)
