"""The list of articles, its order and its timeline."""

from __future__ import annotations

import threading
from datetime import date
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from checking import CheckedAssistant
from test_render import EVIL, no_markup_of

from index.types import Listed, SyncReport
from rag.errors import CorpusError
from web.corpus import add, anew, chosen, report_html, table_html, timeline

OLD = Listed("a.txt", "Zebras", date(2024, 12, 5), "AP", 10, "a.txt")
NEW = Listed("uploads/b.txt", "apples", date(2025, 1, 1), None, 2000, "uploads/b.txt")
UNDATED = Listed("c.txt", "Middle", None, None, 30, "c.txt", author="Ada Brook")
ALL = [OLD, NEW, UNDATED]


@pytest.mark.parametrize(
    ("order", "ids"),
    [
        ("Newest first", ["uploads/b.txt", "a.txt", "c.txt"]),
        ("Oldest first", ["a.txt", "uploads/b.txt", "c.txt"]),
        ("Title", ["uploads/b.txt", "c.txt", "a.txt"]),
    ],
)
def test_articles_stand_in_the_order_asked_for(order: str, ids: list[str]) -> None:
    assert [one.id for one in chosen(ALL, "", order)] == ids


@pytest.mark.parametrize(
    ("words", "ids"),
    [
        ("ZEB ap", ["a.txt"]),
        ("2025-01", ["uploads/b.txt"]),
        ("december 2024", ["a.txt"]),
        ("ada", ["c.txt"]),
        ("none", []),
    ],
)
def test_each_word_must_stand_somewhere(words: str, ids: list[str]) -> None:
    assert [one.id for one in chosen(ALL, words, "Title")] == ids


def test_only_uploads_can_be_removed() -> None:
    page = BeautifulSoup(table_html(ALL), "html.parser")
    assert [button["data-id"] for button in page.select("[data-act=remove]")] == ["uploads/b.txt"]
    assert page.select_one("[data-pane]")["data-pane"] == "article=a.txt"
    assert [about.get_text() for about in page.select(".about")][2] == "Ada Brook · c.txt"


def test_a_long_list_is_cut_and_says_so() -> None:
    page = BeautifulSoup(table_html([OLD] * 250), "html.parser")
    assert len(page.select("tbody tr")) == 200
    assert "and 50 more" in page.get_text()


def test_markup_in_titles_names_and_reasons_is_text() -> None:
    no_markup_of(EVIL, table_html([Listed(EVIL, EVIL, None, EVIL, 1, "uploads/x")]))
    no_markup_of(EVIL, report_html(SyncReport(skipped=[(EVIL, EVIL)])))


def test_the_timeline_counts_the_articles_of_each_day() -> None:
    (bar,) = timeline([OLD, OLD, NEW, UNDATED]).data
    assert dict(zip(bar.x, bar.y, strict=True)) == {date(2024, 12, 5): 2, date(2025, 1, 1): 1}


def test_reading_the_folder_again_tells_each_file_and_can_be_cancelled(seeds: Path, tmp_path: Path) -> None:
    with CheckedAssistant(tmp_path / "data", "embedded") as dateline:
        dateline.index(seeds)
        steps = list(anew(dateline, threading.Event()))
        assert "1 of 2: 000_cd28b6654e9fce99.txt" in steps[0]
        assert "2 unchanged" in steps[-1]
        stop = threading.Event()
        stop.set()
        assert "Cancelled" in list(anew(dateline, stop))[-1]


def test_too_many_files_at_once_are_refused(tmp_path: Path) -> None:
    with CheckedAssistant(tmp_path, "embedded") as dateline:
        with pytest.raises(CorpusError, match="up to 50 at a time"):
            list(add(dateline, ["x"] * 51, threading.Event()))


def test_long_archives_are_counted_by_month_and_by_year() -> None:
    days = [date(2020, 1, 5), date(2020, 1, 20), date(2023, 5, 2)]
    (months,) = timeline([Listed("x", "x", day, None, 1, "x") for day in days]).data
    assert dict(zip(months.x, months.y, strict=True)) == {date(2020, 1, 1): 2, date(2023, 5, 1): 1}
    (years,) = timeline([Listed("x", "x", day, None, 1, "x") for day in [*days, date(1990, 7, 7)]]).data
    assert dict(zip(years.x, years.y, strict=True)) == {date(2020, 1, 1): 2, date(2023, 1, 1): 1, date(1990, 1, 1): 1}


def test_an_archive_without_dates_has_an_empty_timeline() -> None:
    assert list(timeline([UNDATED]).data[0].x or ()) == []
