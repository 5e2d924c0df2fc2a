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


@pytest.mark.parametrize(
    "text",
    [
        "The hearing opens on Monday week.",
        "On Tuesday week the ferry was due back.",
        "He was seized on Friday the 13th of last month.",
        "The strike began on the Monday before Christmas.",
        "They had met on Monday before Easter.",
        "The museum was free every Friday.",
        "The fair was held on the last Sunday in October.",
        "It was held last Sunday in October.",
        "The dam broke Thursday last week.",
        "The dam broke on Thursday of last week.",
        "The lock opened on Tuesday two weeks ago.",
        "The lock opened on Tuesday, a fortnight before the vote.",
        "The lock shut a week on Monday.",
        "She resigned a year ago last Friday.",
        "The second Thursday was quiet.",
        "The choir sang Sunday before last.",
        "The kiosk was open Monday to Friday.",
        "Oskar Lind signed the Good Friday Agreement.",
        "Good Friday was quiet.",
        "She told the Sunday Times that she left.",
        "It was shown on Monday Night Football.",
        "He played for Sheffield Wednesday.",
        "The mill burned one wet Tuesday.",
        "They left the following Tuesday.",
        "The mill burned the day before yesterday.",
        "The mill burned a week ago today.",
        "He wrote for Norby Today.",
        "They met on Thursday, 28 November.",
        # which one, the last or the coming, does not show
        "The debate was postponed to Thursday.",
        "The trial opens on Monday.",
        "The court said the trial opens on Monday.",
        "The trial, which was delayed twice, opens on Monday.",
        "The long-delayed trial opens on Monday.",
        "The verdict is expected on Friday.",
        "They were to meet on Monday.",
        "The trial was due to start on Monday.",
        "The teller accused of theft appears in court on Monday.",
        "The court that jailed her sits on Monday.",
        "He refused to appear on Monday.",
        "It was on Wednesday or Thursday.",
        "She was freed on Tuesday the seventeenth.",
        "The guards were told to return on Monday.",
        "The firm announced a sale on Monday.",
        "She spoke ahead of Sunday’s vote.",
        "He came last Tuesday.",
        "The council meets next Saturday.",
    ],
)
def test_a_day_with_more_words_to_it_is_given_no_date(text: str) -> None:
    assert annotate(text, THURSDAY) == text


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("On Tuesday, the mill shut.", "2024-12-03"),
        ("On Tuesday Mr Lind resigned.", "2024-12-03"),
        ("The mill shut late on Tuesday night, and 40 left.", "2024-12-03"),
        ("“It shut,” Mr Lind said Tuesday.", "2024-12-03"),
        ("He told reporters on Tuesday that it will shut.", "2024-12-03"),
        ("She said in a statement on Tuesday that it shut.", "2024-12-03"),
        ("The blast on Tuesday killed four.", "2024-12-03"),
        ("Four were killed in Norby Tuesday.", "2024-12-03"),
        ("It has been shut since Tuesday.", "2024-12-03"),
        ("The mill was sold on Tuesday (3 December).", "2024-12-03"),
        ("The gang claimed on its own channel on Tuesday that it had won.", "2024-12-03"),
        ("Rebels broke through on Tuesday night after three days of clashes.", "2024-12-03"),
        ("He was taken to hospital on Tuesday after the fire.", "2024-12-03"),
        ("The firm said it will reopen on Tuesday.", "2024-12-10"),
        ("On Tuesday the court will decide.", "2024-12-10"),
        ("He will be sentenced on Tuesday.", "2024-12-10"),
        ("The council meets next Tuesday.", "2024-12-10"),
        ("The council meets next Thursday.", "2024-12-12"),
        ("The mill was sold last Friday.", "2024-11-29"),
    ],
)
def test_a_plain_weekday_is_the_last_one_or_the_coming_as_its_clause_tells(text: str, meant: str) -> None:
    assert str(find_days(text, THURSDAY)[0].as_date()) == meant


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
    "text",
    [
        "31 November",
        "the end",
        "Monday week",
        "Thursday last month",
        "early December",
        "2,500 men",
        "the last few days",
        "5-3 December",
        "then",
        "",
    ],
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
