"""What becomes of a draft: it is shown, replaced, told with its speaker, corrected, or stands beside other answers."""

from collections.abc import Callable
from pathlib import Path

import pytest
from checking import CheckedAssistant
from conftest import Write
from ollama_double import OllamaDouble, speaks

from rag import Answer

MODEL = "qwen2.5-coder:1.5b"
HURT = "How many people were hurt when the tram left the rails in Sundvik?"
Asked = Callable[..., Answer]


@pytest.fixture
def asked(tmp_path: Path, folder: Path) -> Asked:
    """asked(question, {"words of a statement": "draft"}): the model, given that statement, drafts that; every check is
    answered with Yes."""

    def ask(question: str, drafts: dict[str, str], **settings: object) -> Answer:
        def speak(messages: list[dict[str, str]], options: object) -> str:
            told = messages[-1]["content"]
            return next(draft for words, draft in drafts.items() if words in told)

        chat = speaks(speak, first_token=lambda messages: {"Yes": -0.01, "No": -6.0})
        with (
            OllamaDouble(chat=chat) as ollama,
            CheckedAssistant(tmp_path / "data", "ollama", MODEL, ollama_host=ollama.url, **settings) as dateline,
        ):
            dateline.index(folder)
            return dateline.ask(question)

    return ask


def test_what_a_later_article_takes_back_is_led_by_the_correction(asked: Asked, write: Write) -> None:
    write("a.txt", "Eleven people were hurt when a tram left the rails in Sundvik, it said.", "2024-06-02")
    corrected = "Three people were hurt in Sundvik when a tram left the rails, not eleven."
    write("b.txt", f"Correction: An article on Sunday gave a wrong number. {corrected}", "2024-06-04")
    answer = asked(HURT, {"": "Eleven people were hurt when a tram left the rails."})
    assert [citation.article for citation in answer.citations] == ["b.txt", "a.txt"]
    assert answer.text.startswith("Corrected on 4 June 2024: “")
    assert "Before the correction, on 2 June 2024: " in answer.text


def test_where_figures_differ_the_newest_leads_and_wire_copy_is_one_voice(asked: Asked, write: Write) -> None:
    left = "people were hurt when a tram left the rails in Sundvik"
    write("old.txt", f"Three {left}. It was on its way to the harbour.", "2024-06-02")
    write("copy.txt", f"Three {left}. This page is free to read.", "2024-06-03")
    write("new.txt", f"Eleven {left}, a doctor said.", "2024-06-05")
    drafts = {f"] {n} people": f"{n} people were hurt when a tram left the rails." for n in ("Three", "Eleven")}
    answer = asked(HURT, drafts)
    first, second = (sentence.text for sentence in answer.sentences)
    assert first == f"In the article’s words: “Eleven {left}, a doctor said.”"
    assert second.startswith("Another article, of ") and second.endswith(f"June 2024, says: {drafts['] Three people']}")
    assert answer.notes == ("the articles differ: 2 answers, each with its own source",)
    assert [set(citation.carriers) for citation in answer.citations] == [{"new.txt"}, {"old.txt", "copy.txt"}]


def test_articles_that_differ_are_both_reported_each_with_its_date(asked: Asked, write: Write) -> None:
    write("a.txt", "Baby Doll is a film of 1956 directed by Elia Kazan.", "2020-03-01")
    write("b.txt", "Baby Doll is a film that was directed by Franco Giraldi.", "2021-04-02")
    drafts = {name: f"{name} directed the film Baby Doll." for name in ("Elia Kazan", "Franco Giraldi")}
    answer = asked("Who directed the film Baby Doll?", drafts)
    assert answer.text == (
        "Elia Kazan directed the film Baby Doll [1]. "
        "Another article, of 2 April 2021, says: Franco Giraldi directed the film Baby Doll [2]."
    )
    assert [citation.article for citation in answer.citations] == ["a.txt", "b.txt"]
    assert answer.notes == ("the articles differ: 2 answers, each with its own source",)


@pytest.mark.parametrize(
    ("question", "shown"),
    [
        ("Who bought the port of Lenn?", "In the article’s words: “Boreal Motors bought the port of Lenn, a rival"),
        ("Who is said to have bought the port of Lenn?", "Boreal Motors bought the port of Lenn."),
    ],
)
def test_what_somebody_says_is_not_told_as_a_fact(asked: Asked, write: Write, question: str, shown: str) -> None:
    write("a.txt", "Boreal Motors bought the port of Lenn, a rival said.", "2024-06-02")
    (sentence,) = asked(question, {"": "Boreal Motors bought the port of Lenn."}).sentences
    assert sentence.text.startswith(shown)


def test_what_does_not_fit_the_models_window_is_noted(asked: Asked, write: Write) -> None:
    for n in range(9):
        write(f"{n}.txt", f"On day {n} Ana Torp, who runs the port of Lenn, met {'very ' * 60}old men.", "2024-06-02")
    answer = asked("Who runs the port of Lenn?", {"": "Ana Torp runs the port of Lenn."}, context_tokens=600)
    assert answer.sentences[0].text == "Ana Torp runs the port of Lenn."
    assert any("left out: the model's window is full" in note for note in answer.notes)
