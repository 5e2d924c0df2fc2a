"""The questions that an empty page offers are on what the newest articles tell most of, and find it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from index.store import ArticleIndex
from web.examples import examples

Write = Callable[..., Path]


def test_they_ask_what_happened_where_most_was_told_of_and_what_was_said(
    index: ArticleIndex, folder: Path, write: Write
) -> None:
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


def test_an_archive_without_a_name_is_offered_what_it_can_answer(
    index: ArticleIndex, folder: Path, write: Write
) -> None:
    write("a.txt", "it rained all day, and nobody went out.")
    index.sync(folder)
    assert examples(index) == ["Summarise the articles."]
