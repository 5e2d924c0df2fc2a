"""Whatever a text holds, it is parted, dated, counted and cited without a mistake of ours, and in linear time."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from email.utils import format_datetime
from itertools import pairwise
from typing import Any

import pytest
from evidence_helpers import statement
from hypothesis import assume, example, given
from hypothesis import strategies as st
from test_split import assert_in_its_place

from faults.fuzzing import NEWS, RUNS, examples, growth, texts
from index.captions import find_captions
from index.dates import dateline, native_date, parse_date
from index.split import passages_of, sentences_of
from index.terms import fold, marks, spelled, terms, tsvector
from index.types import Article
from rag import days
from rag.excerpt import excerpt
from rag.listing import wanted
from rag.literal import lacking
from rag.names import find_names
from rag.numbers import find_numbers
from rag.question import parts, pointed_at
from rag.reply import Reply, without_numbers
from rag.types import AnswerSentence
from rag.wording import quoted
from rag.words import content_words

DAYS = st.one_of(st.dates(), st.sampled_from([date.min, date.max, date(2024, 2, 29), date(2024, 12, 5)]))
ANCHORS = st.none() | DAYS
SENTENCES = st.one_of(
    st.sampled_from(NEWS), texts(most=12), st.tuples(st.sampled_from(NEWS), texts(most=6)).map("".join)
)


@examples(16_000)
@given(texts(surrogates=True), st.integers(50, 1000))
def test_every_character_of_any_text_is_in_one_sentence_and_one_passage(text: str, most: int) -> None:
    assert_in_its_place(text, most)


@examples(6_000)
@given(texts(most=40), st.lists(st.sampled_from(["minister", "hama", "a", "said", "word"])), st.integers(1, 300))
def test_an_excerpt_is_made_of_the_passages_own_characters(text: str, words: list[str], most: int) -> None:
    where = marks(text, words)
    assert all(0 <= one.start < one.end <= len(text) for one in where)
    spans = [(one.start, one.end) for one in where]
    pieces = excerpt(text, spans, most)
    said = "".join(piece for piece, _ in pieces).removeprefix("… ").removesuffix(" …")
    assert " ".join(said.split()) in " ".join(text.split())
    assert {piece for piece, marked in pieces if marked} <= {text[start:end] for start, end in spans}


# --- days


@examples(16_000)
@given(texts(), ANCHORS)
@example("They left ſix weeks ago.", date(2024, 12, 5))
@example("Tomorrow, next Monday, by December, after this week", date.max)
@example("yesterday, last Sunday, 5 May, three weeks ago", date.min)
def test_days_of_any_text_stand_in_it_and_are_of_the_calendar(text: str, anchor: date | None) -> None:
    found = days.find_days(text, anchor)
    times = days.find_times(text, anchor)
    for spans in (found, times):
        assert all(0 <= one.start < one.end <= len(text) for one in spans)
        assert all(one.end <= other.start for one, other in pairwise(spans))
    assert all(one.first <= one.last for one in times)
    assert all(first <= last for first, last in days.periods(text, anchor))
    if "\0" not in text:
        assert re.sub("\0[^\0]*\0", "", days.annotate(text, anchor, "\0{}\0")) == text
    days.time_of(text, anchor)
    days.without_days(text)
    pointed_at(text, anchor)
    wanted(f"How many articles {text}", anchor)
    parts(text)


_FORMS: list[Callable[[date], str]] = [
    lambda day: days.spell(day),
    lambda day: days.spell_with_weekday(day),
    lambda day: f"{day:%Y-%m-%d}",
    lambda day: f"{day:%B} {day.day}, {day.year}",
    lambda day: f"{day:%b}. {day.day:02}, {day.year}" if day.month != 5 else f"May {day.day}, {day.year}",
    lambda day: f"{day.day}th of {day:%B} {day.year}",
]


@examples(12_000)
@given(
    st.dates(date(1000, 1, 1), date(2999, 12, 31)),
    st.sampled_from(_FORMS),
    st.sampled_from(["{}", "It fell on {}.", "({})"]),
)
def test_a_day_as_it_is_written_is_read_back(day: date, form: Callable[[date], str], around: str) -> None:
    found = days.find_days(around.format(form(day)), None)
    assert [one.as_date() for one in found] == [day]


_FIELDS: list[Callable[[date], object]] = [
    lambda day: day,
    lambda day: datetime.combine(day, time(23, 59)),
    lambda day: day.isoformat(),
    lambda day: f"{day.isoformat()}T23:59:59+14:00",
    lambda day: f"{day:%Y%m%d}",
    lambda day: f"{day:%d.%m.%Y}",
    lambda day: format_datetime(datetime.combine(day, time(12, 30), UTC)),
    lambda day: days.spell(day),
    lambda day: f"{day:%B} {day.day}, {day.year}",
]


@examples(1_500)
@given(st.dates(date(1600, 1, 1), date(2199, 12, 31)), st.sampled_from(_FIELDS))
def test_the_day_in_a_field_is_read_back(day: date, form: Callable[[date], object]) -> None:
    assert parse_date(form(day)) == day


@examples(3_000)
@given(
    st.one_of(texts(most=8), st.integers(), st.floats(), st.booleans(), st.none(), st.datetimes(), st.dates()), ANCHORS
)
def test_any_field_gives_a_likely_day_or_none(value: Any, made: date | None) -> None:
    for day in (parse_date(value), dateline(str(value), made), native_date(str(value))[0]):
        assert day is None or date(1600, 1, 1) <= day < date(2200, 1, 1)


# --- numbers


@examples(12_000)
@given(texts())
def test_numbers_of_any_text_are_written_in_it(text: str) -> None:
    folded = fold(text)
    assert all(one.written in folded for one in find_numbers(text))
    find_names(text, question=len(text) % 2 == 0)
    assert all(word == word.strip() != "" for word in content_words(text))


_GROUPS = st.sampled_from(["{:,}", "{}"])
_BLANKS = st.sampled_from([",", " ", "\xa0", "\u202f", "'", "’"])


@examples(12_000)
@given(st.integers(2, 10**12), _GROUPS, _BLANKS, st.sampled_from(["{}", "about {} people", "({}).", "$ {}, and"]))
def test_a_number_as_it_is_written_is_read_back(number: int, form: str, blank: str, around: str) -> None:
    found = find_numbers(around.format(form.format(number).replace(",", blank)))
    assert [one.value for one in found] == [number]


# --- words


@examples(4_000)
@given(texts(surrogates=True))
def test_the_words_of_any_text_stand_where_they_are_told(text: str) -> None:
    found = list(terms(text))
    assert all(word and 0 <= place.start < place.end <= len(text) for word, place in found)
    assert tsvector(text)[1] == len(found)
    spelled(text)


# --- citations


@examples(5_000)
@given(texts(most=20))
@example("[[1]2]")
@example("“The herons nest.[1]”")
@example("[1][2]. [ 1 ]")
def test_no_number_but_a_citations_own_stands_in_an_answer(text: str) -> None:
    reply = Reply("Who?")
    items = [statement("It rains.", article="a.txt"), statement("It snows.", article="b.txt")]
    reply.lead = text[::-1]
    for said, item in zip((text, quoted(text), without_numbers(text)), (*items, items[0]), strict=True):
        reply.sentences.append(AnswerSentence(said, (reply.cite(item),), 1.0))
    told = reply.text()
    assert re.findall(r"\[(\d+)\]", told) == ["1", "2", "1"]
    citations = {one.number: one for one in reply.citations(lambda item: item.carriers)}
    assert [citations[number].article for number in (1, 2)] == ["a.txt", "b.txt"]


@examples(3_000)
@given(st.lists(SENTENCES, min_size=1, max_size=4), SENTENCES, st.sampled_from(NEWS))
def test_any_sentence_is_checked_and_a_number_that_nobody_wrote_is_found(
    quotes: list[str], written: str, question: str
) -> None:
    cited = [statement(quote, number, f"{number}.txt") for number, quote in enumerate(quotes)]
    lacking(written, cited, question)
    assume(not any(one.value == 7_654_321 for quote in (*quotes, question) for one in find_numbers(quote)))
    assert lacking("It is 7,654,321 km off.", cited, question) == "the number 7,654,321 is in no article found"


# --- time


def _articles_of(text: str) -> object:
    captions, credits = find_captions(text)
    one = Article("a.txt", "A", text, caption_spans=captions, aside_spans=credits)
    return passages_of(one, sentences_of(one))


_DAY = date(2024, 12, 5)
_LONG: list[tuple[Callable[[str], Any], int]] = [
    (_articles_of, 40_000),
    (lambda text: dateline(text, _DAY), 40_000),
    (fold, 100_000),
    (lambda text: [*terms(text)], 100_000),
    (lambda text: excerpt(text, [(one.start, one.end) for one in marks(text, ["mr", "a"])[:20]], 300), 20_000),
]
"""What meets whole articles, and characters for which it takes a while."""
_SHORT: list[Callable[[str], Any]] = [
    lambda text: days.find_times(text, _DAY),
    lambda text: [*days.periods(text, _DAY)],
    lambda text: days.annotate(text, _DAY),
    lambda text: days.time_of(text, _DAY),
    find_numbers,
    find_names,
    content_words,
    without_numbers,
    lambda text: lacking(text, [statement(text)], text),
    lambda text: wanted(f"How many articles mention {text}", _DAY),
]
"""What meets sentences and questions."""


@pytest.mark.slow
@pytest.mark.parametrize("unit", RUNS)
def test_twice_the_text_takes_about_twice_the_time(unit: str) -> None:
    works = [*_LONG, *((work, 4_000) for work in _SHORT)]
    slow = [number for number, (work, length) in enumerate(works) if growth(work, unit, length) > 3]
    again = {number: growth(works[number][0], unit, 2 * works[number][1]) for number in slow}  # other programs run too
    assert {number: grown for number, grown in again.items() if grown > 3} == {}
