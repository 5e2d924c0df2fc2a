from datetime import date

import pytest

from rag.days import annotate, find_days, spell_with_weekday

THURSDAY = date(2024, 12, 5)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("The army withdrew on Thursday.", "2024-12-05"),
        ("He toured Aleppo on Wednesday.", "2024-12-04"),
        ("It happened last Thursday.", "2024-11-28"),
        ("Talks resume next Monday.", "2024-12-09"),
        ("The council will meet on Saturday.", "2024-12-07"),
        ("It split due to differences, and he left on Wednesday.", "2024-12-04"),
        ("The group will stay. Its leader toured Aleppo on Wednesday.", "2024-12-04"),
        ("They left yesterday.", "2024-12-04"),
        ("Fighting began on November 27.", "2024-11-27"),
        ("It was signed on 3 January.", "2025-01-03"),
        ("On Dec. 24, 2023 it snowed.", "2023-12-24"),
        ("Dated 2011-03-15.", "2011-03-15"),
        ("the 5th of December 2024", "2024-12-05"),
    ],
)
def test_a_named_day_means_a_date(text: str, meant: str) -> None:
    assert [str(day.as_date()) for day in find_days(text, THURSDAY)] == [meant]


def test_without_an_article_date_thursday_means_no_date() -> None:
    assert find_days("They left on Thursday.", None) == []


def test_a_date_without_year_agrees_with_any_year() -> None:
    (bare,) = find_days("on 5 December", None)
    (full,) = find_days("on December 5, 2024", None)
    assert bare.same(full)


def test_may_and_march_as_words_are_not_dates() -> None:
    assert find_days("Rebels may march on Homs; 40 may die in 2 years.", THURSDAY) == []


def test_relative_days_are_annotated_for_the_model() -> None:
    assert annotate("He left on Wednesday.", THURSDAY) == "He left on Wednesday (4 December 2024)."


def test_the_weekday_is_spelled_out() -> None:
    assert spell_with_weekday(THURSDAY) == "Thursday 5 December 2024"


def test_the_part_of_the_day_stays_with_the_weekday() -> None:
    assert annotate("broke through on Thursday morning after", THURSDAY) == (
        "broke through on Thursday morning (5 December 2024) after"
    )
