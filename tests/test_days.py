from datetime import date

from rag.days import annotate, find_days, periods, spell_with_weekday

THURSDAY = date(2024, 12, 5)
MEANT = {
    "It happened last Thursday.": "2024-11-28", "Talks resume next Monday.": "2024-12-09",
    "They left yesterday.": "2024-12-04", "Fighting began on November 27.": "2024-11-27",
    "It was signed on 3 January.": "2025-01-03", "On Dec. 24, 2023 it snowed.": "2023-12-24",
    "Dated 2011-03-15.": "2011-03-15", "the 5th of December 2024": "2024-12-05",
    "It was cut in Sept. 2024.": "", "On May 39 it ended.": "", "Rebels may march on Homs; 40 may die in 2 years.": "",
    # a plain weekday is the last one or the coming, as its clause tells
    "The army withdrew on Thursday.": "2024-12-05", "On Tuesday, the mill closed.": "2024-12-03",
    "It split due to differences, and he left on Wednesday.": "2024-12-04",
    "“It shut,” Mr Lind said Tuesday.": "2024-12-03", "The mill burned on Tuesday in Norby.": "2024-12-03",
    "On Tuesday the council, by 66 to 27, voted to close it.": "2024-12-03",
    "On Tuesday, 28-year-old Oskar Lind resigned.": "2024-12-03",
    "He told reporters on Tuesday that it will shut.": "2024-12-03",
    "The gang claimed on its own channel on Tuesday that it had won.": "2024-12-03",
    "They broke through on Monday morning after three days of clashes.": "2024-12-02",
    "The council meets next Tuesday.": "2024-12-10", "The council meets next Thursday.": "2024-12-12",
    "The mill was sold last Friday.": "2024-11-29", "On Tuesday the court will decide.": "None",
}  # fmt: skip


def test_a_named_day_means_a_date() -> None:
    assert {text: " ".join(str(day.as_date()) for day in find_days(text, THURSDAY)) for text in MEANT} == MEANT


OPEN = [
    "The hearing opens on Monday week.", "The choir sang Sunday before last.", "They agreed to leave on Friday.",
    "He was seized on Friday the 13th of last month.", "The strike began on the Monday before Christmas.",
    "They had met on Monday before Easter.", "The museum was free every Friday.", "Good Friday was quiet.",
    "It was held last Sunday in October.", "The dam broke on Thursday of last week.", "He came last Tuesday.",
    "The lock opened on Tuesday two weeks ago.", "The lock shut a week on Monday.",
    "It rained on Monday evening a week earlier.", "It rained on Monday morning two weeks after it.",
    "The dam broke Thursday last week.", "They left the following Tuesday.", "The mill burned a week ago today.",
    "She resigned a year ago last Friday.", "She was freed on Tuesday the seventeenth.",
    "It was on Wednesday or Thursday.", "The lock opened on Tuesday, a fortnight before the vote.",
    "The kiosk was open Monday to Friday.", "She told the Sunday Times that she left.",
    "He played for Sheffield Wednesday.", "They met on Thursday, 28 November.",
    # which one, the last or the coming, does not show
    "The debate was postponed to Thursday.", "The trial opens on Monday.", "The council meets next Saturday.",
    "The trial, which was delayed twice, opens on Monday.", "The verdict is expected on Friday.",
    "She spoke ahead of Sunday’s vote.",
]  # fmt: skip


def test_a_day_with_more_words_to_it_is_given_no_date() -> None:
    assert [annotate(text, THURSDAY) for text in OPEN] == OPEN


def test_without_a_day_to_speak_on_only_full_dates_are_read_and_a_date_without_year_agrees_with_any() -> None:
    assert find_days("They left on Thursday.", None) == []
    assert list(periods("What was said yesterday, last week, in May and on 5 December?", None)) == []
    assert len(list(periods("What was said in May 2024, and what in 2016?", None))) == 2
    (bare,), (full,) = find_days("on 5 December", None), find_days("on December 5, 2024", None)
    assert bare.same(full)
    assert not full.same(find_days("on 5 December 2023", None)[0])
    opens, opened, left = (find_days(f"It {told} on Monday.", THURSDAY)[0] for told in ("opens", "opened", "left"))
    assert opens.same(opened) and not opens.same(bare) and opened.same(left)


def test_relative_days_are_annotated_for_the_model() -> None:
    told = "He left on Wednesday (4 December 2024) and broke through this morning (5 December 2024)."
    assert annotate("He left on Wednesday and broke through this morning.", THURSDAY) == told
    told = "It was sold on Tuesday [3 December 2024] (3 December)."
    assert annotate("It was sold on Tuesday (3 December).", THURSDAY, " [{}]") == told
    assert spell_with_weekday(THURSDAY) == "Thursday 5 December 2024"


PERIODS = {
    "What was said on 5 December, and what on 20 December?": "2024-12-05 2024-12-05, 2023-12-20 2023-12-20",
    "What was said on 3 May 2023?": "2023-05-03 2023-05-03, 2023-05-01 2023-05-31",
    "Who spoke on Friday, and who yesterday?": "2024-11-29 2024-11-29, 2024-12-04 2024-12-04",
    "What burned this week, and what last week?": "2024-11-28 2024-12-05, 2024-11-21 2024-12-05",
    "What burned in the past ten days or two weeks ago?": "2024-11-24 2024-12-05, 2024-11-20 2024-12-05",
    "What burned in November or Feb. 2024?": "2024-11-01 2024-11-30, 2024-02-01 2024-02-29",
    "What was built in 2016?": "2016-01-01 2016-12-31", "How long does a march of 20 miles take?": "",
    "Who may march on 31 November with 2,500 men?": "", "Who fled in the last few days, and what then?": "",
    "Who won on the last day?": "",
}  # fmt: skip


def test_a_question_names_times_that_are_past_on_the_day_it_is_asked() -> None:
    found = {asked: ", ".join(f"{first} {last}" for first, last in periods(asked, THURSDAY)) for asked in PERIODS}
    assert found == PERIODS
