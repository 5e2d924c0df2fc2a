"""index/webpage.py: saved web pages, through read_file."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from index_helpers import DATA, article_of, cases

FIFTH = date(2024, 12, 5)
FALL = "Syrian insurgents have entered the central city of Hama after days of intense fighting with the army."


def test_a_news_page_gives_its_article_and_fields(tmp_path: Path) -> None:
    article = article_of(tmp_path, "a.html", (DATA / "pages" / "news.html").read_bytes())
    assert (article.title, article.date, article.source) == ("Hama falls", FIFTH, "The Wire")
    assert article.url == "https://wire.example/hama"
    assert f"{FALL}\n\nThe army said it had withdrawn from the city.\n\n{FALL} Again." in article.text
    assert "Home" not in article.text and "rights reserved" not in article.text


BROKEN = '{"@type": "NewsArticle", "description": "one\ntwo", "datePublished": "2024-12-05"}'
GIVEN = [*cases("pages/dated.txt"), f'<script type="application/ld+json">//<![CDATA[\n{BROKEN}\n//]]></script>']


@pytest.mark.parametrize(
    ("marks", "day"), [*((one, FIFTH) for one in GIVEN), *((one, None) for one in cases("pages/guessed.txt"))]
)
def test_the_date_is_what_the_page_says_of_itself_and_never_guessed(
    tmp_path: Path, marks: str, day: date | None
) -> None:
    in_head = marks.startswith(("<meta", "<script", "<title", "<link"))
    head, body = (marks, "") if in_head else ("", marks)
    page = f"<html><head>{head}</head><body><p>{FALL}</p>{body}</body></html>"
    assert article_of(tmp_path, "a.html", page).date == day


def test_a_page_that_trafilatura_gives_up_or_cuts_is_read_all_the_same(tmp_path: Path) -> None:
    assert article_of(tmp_path, "a.html", "<p>Hama <b>fell</b>.").text == "Hama fell."
    rows = "".join(f"<div><span>City {n}</span><!-- no --><div>fell on Thursday</div></div>" for n in range(9))
    text = article_of(tmp_path, "a.html", f"<html><body>{rows}<script>var x</script></body></html>").text
    assert all(f"City {n}" in text for n in range(9))  # a short page is not cut to its menu
    assert "var x" not in text and "no" not in text.split()


@pytest.mark.parametrize(
    ("charset", "text"),
    [("windows-1251", "Армия покинула город."), ("shift_jis", "軍は撤退した。"), ("iso-2022-jp", "軍は撤退した。")],
)
def test_a_declared_charset_is_used(tmp_path: Path, charset: str, text: str) -> None:
    content = f'<html><head><meta charset="{charset}"></head><body><p>{text}</p></body></html>'
    assert text in article_of(tmp_path, "a.html", content.encode(charset)).text


STORY = "<h1>Bakery shut</h1><p>The bakery of Oxmoor was shut on Monday.</p><p>Its owner retires to the coast.</p>"


@pytest.mark.parametrize("around", cases("pages/around.txt"))
def test_walls_offers_and_menus_are_not_the_article(tmp_path: Path, around: str) -> None:
    article = article_of(tmp_path, "a.html", f"<html><body>{around}<div>{STORY}</div>{around}</body></html>")
    story = ["The bakery of Oxmoor was shut on Monday.", "Its owner retires to the coast."]
    assert article.title == "Bakery shut"  # without a title, the heading
    assert [line for line in article.text.split("\n\n") if line != "Bakery shut"] == story


@pytest.mark.parametrize("story", cases("pages/about.txt"))
def test_articles_about_such_things_stay(tmp_path: Path, story: str) -> None:
    words = story.replace("<", ">").split(">")
    text = article_of(tmp_path, "a.html", f"<html><body><h1>News</h1>{story}</body></html>").text
    assert all(line in text for line in words if " " in line and "=" not in line)
    assert text != "News"


@pytest.mark.parametrize("case", cases("pages/tables.txt"))
def test_a_row_is_read_with_its_heads(tmp_path: Path, case: str) -> None:
    table, *rows = case.split("¦")
    page = f"<html><body><article>{STORY}{table}</article></body></html>"
    assert "\n\n".join(rows) in article_of(tmp_path, "a.html", page).text
