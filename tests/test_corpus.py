"""The list of articles, its order and its timeline; what can be taken away; and questions to begin with."""

import json
import threading
from datetime import date
from pathlib import Path

import pytest
from checking import CheckedAssistant
from conftest import Write
from test_render import NOW, answer, citation, parsed, texts

from index.store import ArticleIndex
from index.types import Listed
from rag.errors import CorpusError
from rag.export import Form, Source, exported
from web.conversations import Turn
from web.corpus import add, anew, chosen, table_html, timeline
from web.examples import examples
from web.writer import Writer

OLD = Listed("a.txt", "Zebras", date(2024, 12, 5), "AP", 10, "a.txt")
NEW = Listed("uploads/b.txt", "apples", date(2025, 1, 1), None, 2000, "uploads/b.txt")
UNDATED = Listed("c.txt", "Middle", None, None, 30, "c.txt", author="Ada Brook")
ALL = [OLD, NEW, UNDATED]


@pytest.mark.parametrize(
    ("words", "order", "found"),
    [
        ("", "Newest first", [NEW, OLD, UNDATED]),
        ("", "Oldest first", [OLD, NEW, UNDATED]),
        ("", "Title", [NEW, UNDATED, OLD]),
        ("ZEB ap", "Title", [OLD]),
        ("2025-01", "Title", [NEW]),
        ("december 2024", "Title", [OLD]),
        ("ada", "Title", [UNDATED]),
        ("none", "Title", []),
    ],
)
def test_articles_are_found_by_each_word_in_the_order_asked_for(words: str, order: str, found: list[Listed]) -> None:
    assert chosen(ALL, words, order) == found


def test_a_row_opens_its_article_only_uploads_can_be_removed_and_a_long_list_is_cut() -> None:
    page = parsed(table_html(ALL))
    assert [button["data-id"] for button in page.select("[data-act=remove]")] == ["uploads/b.txt"]
    assert page.select_one("[data-pane]")["data-pane"] == "article=a.txt"
    assert texts(page, ".about")[2] == "Ada Brook · c.txt"
    long = parsed(table_html([OLD] * 250))
    assert (len(long.select("tbody tr")), "and 50 more" in long.get_text()) == (200, True)


@pytest.mark.parametrize(
    ("days", "counted"),
    [
        (["2024-12-05", "2024-12-05", "2025-01-01", None], {"2024-12-05": 2, "2025-01-01": 1}),
        (["2020-01-05", "2020-01-20", "2023-05-02"], {"2020-01-01": 2, "2023-05-01": 1}),
        (["2020-01-05", "2020-01-20", "1990-07-07"], {"2020-01-01": 2, "1990-01-01": 1}),
        ([None], {}),
    ],
)
def test_the_timeline_counts_articles_by_day_month_or_year(days: list[str | None], counted: dict[str, int]) -> None:
    (bar,) = timeline([Listed("x", "x", day and date.fromisoformat(day), None, 1, "x") for day in days]).data  # type: ignore[arg-type]
    assert {str(day): count for day, count in zip(bar.x or (), bar.y or (), strict=True)} == counted


def test_reading_the_folder_again_tells_each_file_and_can_be_cancelled(seeds: Path, tmp_path: Path) -> None:
    with CheckedAssistant(tmp_path / "data", "embedded") as dateline:
        dateline.index(seeds)
        writer = Writer(dateline)
        steps = list(anew(writer, threading.Event()))
        assert ("1 of 2: 000_cd28b6654e9fce99.txt" in steps[0], "2 unchanged" in steps[-1]) == (True, True)
        stop = threading.Event()
        stop.set()
        assert "Cancelled" in list(anew(writer, stop))[-1]
        with pytest.raises(CorpusError, match="up to 50 at a time"):
            list(add(writer, ["x"] * 51, threading.Event()))


def test_a_conversation_can_be_taken_away_whole() -> None:
    told = answer("He heads it [1].", citation(1, carriers=["a.txt", "b.txt"]))
    turns = [Turn(1, "Who?", NOW, {}, told, None, "", "up", "Good"), Turn(2, "Why?", NOW, {}, None, "Stopped.", "")]

    def taken(form: Form) -> str:
        return exported(form, "Hama", [turn.told() for turn in turns], lambda id: Source(id, "Title", None)).decode()

    first, second = json.loads(taken("json"))["turns"]
    assert (first["question"], first["answer"], first["verdict"], first["comment"]) == ("Who?", told, "up", "Good")
    assert (second["answer"], second["trouble"]) == (None, "Stopped.")
    text = taken("md")
    assert text.index("## Who?") < text.index("He heads it") < text.index("> **\\[1\\]** quote 1")
    assert "Title, 5 December 2024, a.txt, 2 articles, one origin" in text
    assert text.endswith("## Why?\n\n*Stopped.*\n\n## Sources\n\n- Title. no date. a.txt.\n")


def test_questions_to_begin_with_are_on_what_the_newest_tell(index: ArticleIndex, folder: Path, write: Write) -> None:
    write("a.txt", "it rained all day, and nobody went out.")
    index.sync(folder)
    assert examples(index) == ["Summarise the articles."]
    for number in range(40):  # older than the newest stories, and told of most in all
        write(f"old-{number:02}.txt", f"The fair in Lenn was opened again, for the time {number}.", date="2023-01-05")
    for day in range(1, 29):
        write(f"new-{day}.txt", f"A dam broke in Velle. Water stood in Velle for {day} days.", date=f"2024-02-{day:02}")
    write("quiet.txt", "Ana Torp said the water would fall. Boreal Motors sponsors this page.", date="2024-02-29")
    index.sync(folder)
    asked = examples(index)
    assert asked[:2] == ["Summarise the articles.", "What happened in Velle?"]
    assert "What did Ana Torp say?" in asked
    assert not [question for question in asked if "Boreal" in question]
    assert index.search("What happened in Velle?", 1)[0].passage.article.startswith("new-")
