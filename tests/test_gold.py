"""The gold questions on the seed articles: what can be checked of them without a reader."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from evals.cases import SEEDS_GOLD, load, spread
from evals.types import Case

ANSWERED = {"one-article", "both-articles", "joined", "quotation", "number", "date", "follow-up", "paraphrase"}
REFUSED = {"not-in-corpus", "after-date", "false-premise", "other-subject", "instruction"}
FIELDS = ["id", "question", "history", "answerable", "accepted", "patterns", "evidence", "kind", "split"]
CASES = load(SEEDS_GOLD)
ANSWERABLE = [case for case in CASES if case.answerable]


def each(cases: list[Case]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("case", cases, ids=[case.id for case in cases])


def plain(text: str) -> str:
    """Quotation marks straight, case folded."""
    return text.translate(str.maketrans("’‘“”", "''\"\"")).casefold()


def said(words: str, text: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(plain(words))}(?!\w)", plain(text)) is not None


def accepts(case: Case, text: str) -> bool:
    """Whether an entry of `accepted`, or a pattern, is found in the text as it stands."""
    by_words = any(all(said(words, text) for words in entry) for entry in case.accepted)
    return by_words or any(re.search(pattern, text, re.IGNORECASE) for pattern in case.patterns)


@pytest.fixture(scope="module")
def texts(seeds: Path) -> dict[str, str]:
    """The decoded text of each seed article, byte for byte."""
    return {path.name: path.read_bytes().decode("utf-8") for path in seeds.glob("*.txt")}


def test_there_are_enough_questions_and_enough_to_refuse() -> None:
    assert len(CASES) >= 116
    assert len(CASES) - len(ANSWERABLE) >= 44


def test_no_question_is_asked_twice() -> None:
    assert len({(case.question, json.dumps(case.history)) for case in CASES}) == len(CASES)


def test_every_line_has_exactly_the_fields_that_are_written_by_hand() -> None:
    assert all(list(json.loads(line)) == FIELDS for line in SEEDS_GOLD.read_text(encoding="utf-8").splitlines())


def test_every_kind_is_there_and_is_answered_or_refused_as_it_says() -> None:
    assert {case.kind for case in ANSWERABLE} == ANSWERED
    assert {case.kind for case in CASES if not case.answerable} == REFUSED | {"follow-up"}


def test_the_halves_are_alike_kind_by_kind() -> None:
    halves = Counter((case.kind, case.answerable, case.split) for case in CASES)
    for kind, answerable, _ in list(halves):
        dev, test = halves[kind, answerable, "dev"], halves[kind, answerable, "test"]
        assert abs(dev - test) <= 1, kind
        assert min(dev, test) >= 2, kind


@pytest.mark.parametrize("count", [20, 37, 50, 74])
def test_a_spread_takes_of_both_halves(count: int) -> None:
    dev = sum(case.split == "dev" for case in spread(CASES, count))
    assert 0.3 < dev / count < 0.7


def test_every_quote_stands_in_its_article_exactly(texts: dict[str, str]) -> None:
    quotes = [(quote.article, quote.quote) for case in CASES for quote in case.evidence]
    assert [quote for article, quote in quotes if not quote or quote not in texts[article]] == []


def test_a_quote_that_both_articles_carry_is_listed_for_both(texts: dict[str, str]) -> None:
    for case in ANSWERABLE:
        listed = {(quote.article, quote.quote) for quote in case.evidence}
        standing = {(article, quote) for _, quote in listed for article, text in texts.items() if (quote or "") in text}
        assert standing == listed, case.id


@each(ANSWERABLE)
def test_an_answerable_question_has_evidence_with_facts_numbered_from_nought(case: Case) -> None:
    facts = {quote.fact for quote in case.evidence}
    assert facts == ({0, 1} if case.kind == "joined" else {0})


def test_a_question_of_one_article_has_its_evidence_in_one_and_of_both_in_both() -> None:
    articles = {case.id: len({quote.article for quote in case.evidence}) for case in ANSWERABLE}
    assert {articles[case.id] for case in ANSWERABLE if case.kind == "one-article"} == {1}
    assert {articles[case.id] for case in ANSWERABLE if case.kind == "both-articles"} == {2}


def test_what_is_to_be_refused_has_no_evidence_and_no_accepted_answer() -> None:
    assert not any(case.evidence or case.accepted or case.patterns for case in CASES if not case.answerable)


def test_every_answerable_question_accepts_words_and_not_only_patterns() -> None:
    assert all(case.accepted for case in ANSWERABLE)


@each(ANSWERABLE)
def test_the_question_said_back_is_no_right_answer(case: Case) -> None:
    assert not accepts(case, case.question)
    accepted = [words for entry in case.accepted for words in entry]
    assert [words for words in accepted if plain(words) in plain(case.question)] == []


# The date of a relative day stands in no quote: it is reckoned from the article's date.
@each([case for case in ANSWERABLE if case.kind != "date"])
def test_a_gold_answer_stands_in_the_gold_quotes(case: Case) -> None:
    assert accepts(case, " ".join(quote.quote or "" for quote in case.evidence))


def test_no_refusal_is_a_right_answer() -> None:
    refusal = "The articles do not answer this question. The passages found do not mention it, in 2 articles."
    assert [case.id for case in ANSWERABLE if accepts(case, refusal)] == []


def test_follow_ups_have_a_conversation_before_them_and_nothing_else_has() -> None:
    assert {case.kind for case in CASES if case.history} == {"follow-up"}
    assert all(case.history for case in CASES if case.kind == "follow-up")


def test_a_conversation_takes_turns_and_its_answers_look_like_datelines() -> None:
    for case in CASES:
        assert [turn["role"] for turn in case.history] == ["user", "assistant"] * (len(case.history) // 2)
    assert all(re.search(r" \[1\]\.$", turn) or turn.startswith("The articles do not answer") for turn in replies())
    assert sum(turn.startswith("The articles do not answer") for turn in replies()) == 2


def replies() -> Iterator[str]:
    return (turn["content"] for case in CASES for turn in case.history if turn["role"] == "assistant")
