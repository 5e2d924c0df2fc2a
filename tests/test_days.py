import re
from datetime import date

import pytest

from rag.days import annotate, find_days, read_period, read_range, spell_with_weekday

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


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("5 december?", "2024-12-05", "2024-12-05"),
        ("Wednesday, 4 December 2024", "2024-12-04", "2024-12-04"),
        ("the evening of 3 December", "2024-12-03", "2024-12-03"),
        ("3-5 December", "2024-12-03", "2024-12-05"),
        ("November", "2024-11-01", "2024-11-30"),
        ("Feb. 2024", "2024-02-01", "2024-02-29"),
        ("the end of November", "2024-11-30", "2024-11-30"),
        ("the beginning of this month", "2024-12-01", "2024-12-01"),
        ("2023", "2023-01-01", "2023-12-31"),
        ("this week", "2024-12-02", "2024-12-05"),
        ("last week", "2024-11-25", "2024-12-01"),
        ("last month", "2024-11-01", "2024-11-30"),
        ("last year", "2023-01-01", "2023-12-31"),
        ("the last three days", "2024-12-02", "2024-12-05"),
        ("the past 48 hours", "2024-12-03", "2024-12-05"),
        ("two days ago", "2024-12-03", "2024-12-03"),
        ("20 December", "2024-12-20", "2024-12-20"),
        ("20 January", "2024-01-20", "2024-01-20"),
        ("29 February", "2024-02-29", "2024-02-29"),
    ],
)
def test_a_period_is_read_from_its_first_day_to_its_last(text: str, first: str, last: str) -> None:
    period = read_period(f"since {text}", 6, THURSDAY)
    assert period and (str(period.first), str(period.last)) == (first, last)
    assert f"since {text}"[period.end :] in ("", "?")


@pytest.mark.parametrize(
    "text", ["31 November", "the end", "early December", "2,500 men", "the last few days", "5-3 December", "then", ""]
)
def test_what_names_no_certain_period_is_not_read(text: str) -> None:
    assert read_period(text, 0, THURSDAY) is None


def test_without_a_day_to_speak_on_only_full_dates_are_periods() -> None:
    assert all(read_period(text, 0, None) is None for text in ("last week", "5 December", "November", "Thursday"))
    assert read_period("November 2024", 0, None) is not None


def test_a_missing_year_is_doubtful_where_the_coming_date_is_nearer() -> None:
    doubtful = {text: read_period(text, 0, THURSDAY) for text in ("20 January", "20 November")}
    assert [period and period.doubtful for period in doubtful.values()] == [True, False]


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("3 and 5 December", "2024-12-03", "2024-12-05"),
        ("27 November and 3 December 2023", "2023-11-27", "2023-12-03"),
        ("30 December and 2 January 2024", "2023-12-30", "2024-01-02"),
        ("October and November", "2024-10-01", "2024-11-30"),
        ("Tuesday and Thursday", "2024-12-03", "2024-12-05"),
    ],
)
def test_a_range_takes_the_year_from_its_end(text: str, first: str, last: str) -> None:
    found = read_range(text, 0, re.compile(" and "), THURSDAY)
    assert found and (str(found.first), str(found.last), found.end) == (first, last, len(text))


@pytest.mark.parametrize("text", ["7 and 5 December", "cats and 5 December", "5 December", "3 and November"])
def test_half_a_range_is_none(text: str) -> None:
    assert read_range(text, 0, re.compile(" and "), THURSDAY) is None
