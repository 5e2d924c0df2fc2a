"""The gold questions on the seed articles: what can be checked of them without a reader."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path

import pytest

from evals.cases import SEEDS_GOLD, load, spread
from evals.types import Case

ANSWERED = {"one-article", "both-articles", "joined", "quotation", "number", "date", "follow-up", "paraphrase"}
REFUSED = {"not-in-corpus", "after-date", "false-premise", "other-subject", "instruction"}
FIELDS = ["id", "question", "history", "answerable", "accepted", "patterns", "evidence", "kind", "split"]
CASES = load(SEEDS_GOLD)
ANSWERABLE = [case for case in CASES if case.answerable]


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


def test_there_are_enough_questions_of_every_kind_alike_in_both_halves_and_none_twice() -> None:
    assert len(CASES) >= 116
    assert len(CASES) - len(ANSWERABLE) >= 44
    assert len({(case.question, json.dumps(case.history)) for case in CASES}) == len(CASES)
    assert all(list(json.loads(line)) == FIELDS for line in SEEDS_GOLD.read_text(encoding="utf-8").splitlines())
    assert {case.kind for case in ANSWERABLE} == ANSWERED
    assert {case.kind for case in CASES if not case.answerable} == REFUSED | {"follow-up"}
    halves = Counter((case.kind, case.answerable, case.split) for case in CASES)
    for kind, answerable, _ in list(halves):
        dev, test = halves[kind, answerable, "dev"], halves[kind, answerable, "test"]
        assert abs(dev - test) <= 1, kind
        assert min(dev, test) >= 2, kind
    for count in (20, 37, 50, 74):
        assert 0.3 < sum(case.split == "dev" for case in spread(CASES, count)) / count < 0.7


def test_every_quote_stands_in_its_article_exactly_and_is_listed_for_all_that_carry_it(texts: dict[str, str]) -> None:
    for case in ANSWERABLE:
        listed = {(quote.article, quote.quote) for quote in case.evidence}
        assert all(quote for _, quote in listed), case.id
        standing = {(article, quote) for _, quote in listed for article, text in texts.items() if (quote or "") in text}
        assert standing == listed, case.id


def test_what_is_answerable_has_evidence_for_its_kind_and_what_is_not_has_none() -> None:
    refusal = "The articles do not answer this question. The passages found do not mention it, in 2 articles."
    for case in ANSWERABLE:
        assert {quote.fact for quote in case.evidence} == ({0, 1} if case.kind == "joined" else {0}), case.id
        articles = len({quote.article for quote in case.evidence})
        assert articles == {"one-article": 1, "both-articles": 2}.get(case.kind, articles), case.id
        accepted = [words for entry in case.accepted for words in entry]
        assert accepted, case.id  # and not only patterns
        assert not accepts(case, refusal), case.id
        assert not accepts(case, case.question), case.id
        assert not any(plain(words) in plain(case.question) for words in accepted), case.id
        # the date of a relative day stands in no quote: it is reckoned from the article's date
        assert case.kind == "date" or accepts(case, " ".join(quote.quote or "" for quote in case.evidence)), case.id
    assert not any(case.evidence or case.accepted or case.patterns for case in CASES if not case.answerable)


def test_follow_ups_have_a_conversation_before_them_that_looks_like_datelines_and_nothing_else_has() -> None:
    assert {case.kind for case in CASES if case.history} == {"follow-up"}
    assert all(case.history for case in CASES if case.kind == "follow-up")
    for case in CASES:
        assert [turn["role"] for turn in case.history] == ["user", "assistant"] * (len(case.history) // 2)
    replies = [turn["content"] for case in CASES for turn in case.history if turn["role"] == "assistant"]
    refused = [reply for reply in replies if reply.startswith("The articles do not answer")]
    assert len(refused) == 2
    assert all(re.search(r" \[1\]\.$", reply) for reply in replies if reply not in refused)
