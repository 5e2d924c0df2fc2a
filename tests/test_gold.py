"""The seed articles and the gold questions on them: what can be checked without a reader."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from pathlib import Path

from evals.cases import SEEDS_GOLD, load, spread
from evals.matching import matches

SHA256 = {
    "000_cd28b6654e9fce99.txt": "db912366d2471b7d0d320c472bc0a24f8fd71f82979403118b86d21b2e1e65f1",
    "001_8034130e071ff64c.txt": "ce9a56647552c9010417641a6123b956c7fadfd1cd26aec181c16a5975f7b786",
}
ANSWERED = {"one-article", "both-articles", "joined", "quotation", "number", "date", "follow-up", "paraphrase"}
REFUSED = {"not-in-corpus", "after-date", "false-premise", "other-subject", "instruction"}
FIELDS = ["id", "question", "history", "answerable", "accepted", "patterns", "evidence", "kind", "split"]
CASES = load(SEEDS_GOLD)
ANSWERABLE = [case for case in CASES if case.answerable]


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
        assert abs(dev - test) <= 1 and min(dev, test) >= 2, kind
    for count in (20, 37, 50, 74):
        assert 0.3 < sum(case.split == "dev" for case in spread(CASES, count)) / count < 0.7


def test_the_seeds_are_as_published_and_every_quote_stands_exactly_in_all_that_carry_it(seeds: Path) -> None:
    written = {path.name: path.read_bytes() for path in seeds.glob("*.txt")}
    assert {name: hashlib.sha256(content).hexdigest() for name, content in written.items()} == SHA256
    texts = {name: content.decode("utf-8") for name, content in written.items()}
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
        accepted = [words.casefold() for entry in case.accepted for words in entry]
        assert accepted, case.id  # and not only patterns
        asked = case.question.casefold()
        assert not any(words in asked for words in accepted) and not matches(refusal, case), case.id
        assert not any(re.search(pattern, asked, re.IGNORECASE) for pattern in case.patterns), case.id
        # the date of a relative day stands in no quote: it is reckoned from the article's date
        quotes = " ".join(quote.quote or "" for quote in case.evidence)
        assert case.kind == "date" or matches(quotes, case), case.id
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
