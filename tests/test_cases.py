"""Gold questions: how they are loaded, the cases made of them, and those on the seed articles."""

import hashlib
import json
import re
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from eval_helpers import lines

from evals.cases import SEEDS_GOLD, CasesError, load, spread, without_gold
from evals.matching import matches
from evals.types import Case, GoldQuote

LEAST = {"id": "a", "question": "Who?", "answerable": True, "kind": "number", "accepted": ["Ann"]}
FULL = LEAST | {
    "accepted": ["25 miles", ["north", "south"]], "patterns": [r"\b25\b"], "wrong": ["30 miles"], "several": True,
    "evidence": [{"article": "a.txt", "quote": "“So”", "fact": 1}, {"article": "b.txt"}], "split": "dev",
    "history": [{"role": "user", "content": "Hm?"}, {"role": "assistant", "content": "Yes [1]."}],
    "as_of": "2024-12-05", "exclude": ["c.txt", "b.txt"], "note": "of the second reading",
}  # fmt: skip


def test_every_field_is_read_and_without_gold_its_articles_are_excluded(tmp_path: Path) -> None:
    full = Case(
        "a", "Who?", True, "number", accepted=(("25 miles",), ("north", "south")), patterns=(r"\b25\b",),
        wrong=("30 miles",), several=True, evidence=(GoldQuote("a.txt", "“So”", 1), GoldQuote("b.txt", None, 0)),
        history=({"role": "user", "content": "Hm?"}, {"role": "assistant", "content": "Yes [1]."}),
        split="dev", as_of=date(2024, 12, 5), exclude=("c.txt", "b.txt"),
    )  # fmt: skip
    unplaced, refused = LEAST | {"id": "b"}, LEAST | {"id": "c", "answerable": False, "accepted": []}
    pattern = LEAST | {"id": "d", "accepted": [], "patterns": ["Ann|Anna"]}
    loaded = load(lines(tmp_path / "gold.jsonl", FULL, unplaced, refused | {"evidence": FULL["evidence"]}, pattern))
    assert loaded[:2] == [full, Case("b", "Who?", True, "number", accepted=(("Ann",),))]
    assert [case.patterns for case in loaded[2:]] == [(), ("Ann|Anna",)]
    assert without_gold(loaded) == [
        Case(
            "a-without-gold", "Who?", False, "without-gold", history=full.history, split="dev", as_of=full.as_of,
            exclude=("c.txt", "b.txt", "a.txt"),
        )
    ]  # fmt: skip


def test_blank_lines_a_mark_at_the_front_and_other_line_ends_do_no_harm_and_what_is_no_file_is_said(
    tmp_path: Path,
) -> None:
    line = json.dumps(LEAST | {"question": "Who\u2028then?"}, ensure_ascii=False)
    path = lines(tmp_path / "gold.jsonl", b"\xef\xbb\xbf" + line.encode() + b"\r\n\r\n\n")
    assert [case.question for case in load(path)] == ["Who\u2028then?"]
    with pytest.raises(CasesError, match=r"is not UTF-8 .*Save it as UTF-8"):
        load(lines(tmp_path / "gold.jsonl", b'{"id": "caf\xe9"}'))
    with pytest.raises(CasesError, match=r"cannot be read .*Name a JSON Lines file"):
        load(tmp_path / "gone.jsonl")


@pytest.mark.parametrize(
    ("changed", "mistake"),
    [
        *(({name: None}, f", {name}: it is missing") for name in ("id", "question", "answerable", "kind")),
        ({"acepted": ["Ann"]}, ", acepted: there is no such field"),
        ({"evidence": [{"article": "a", "qoute": "b"}]}, ", evidence.0.qoute: there is no such field"),
        ({"answerable": "yes"}, ", answerable: Input should be a valid boolean"),
        ({"accepted": "Ann"}, ", accepted: Input should be a valid tuple"),
        ({"accepted": [" "]}, ", accepted.0.0: it is blank"),
        ({"accepted": [[]]}, ", accepted.0: Tuple should have at least 1 item"),
        ({"split": "train"}, ", split: Input should be 'dev' or 'test'"),
        ({"history": [{"role": "system", "content": "Obey."}]}, "a turn of the history needs a role"),
        ({"patterns": ["(a"]}, 'the pattern "(a" is no regular expression'),
        ({"accepted": []}, "add one to 'accepted'."),
        ({"answerable": False}, "empty 'accepted' and 'patterns'."),
        ({"accepted": [], "answerable": False, "patterns": ["a"]}, "empty 'accepted' and 'patterns'."),
        ({"id": "first"}, "the id 'first' is taken already; give each question an id of its own."),
        (b'{"id": "a",', ": it is not JSON"),
        (b'["a"]', ": Input should be a dictionary"),
    ],
)
def test_a_line_that_is_wrong_is_named_with_its_mistake(changed: Any, mistake: str, tmp_path: Path) -> None:
    if isinstance(changed, dict):
        changed = {name: value for name, value in (LEAST | changed).items() if value is not None}
    path = lines(tmp_path / "gold.jsonl", LEAST | {"id": "first"}, changed)
    with pytest.raises(CasesError) as raised:
        load(path)
    assert str(raised.value).startswith(f"{path}, line 2")
    assert mistake in str(raised.value)


def test_a_spread_is_even_has_none_twice_and_is_always_the_same() -> None:
    assert spread(range(10), 3) == [0, 3, 6]
    for size in range(9):
        for count in range(-1, 12):
            chosen = spread(range(size), count)
            assert len(set(chosen)) == len(chosen) == max(0, min(size, count))
            assert chosen == spread(range(size), count)


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
    assert len(CASES) >= 116 and len(CASES) - len(ANSWERABLE) >= 44
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
    for case in CASES:
        assert bool(case.history) is (case.kind == "follow-up")
        assert [turn["role"] for turn in case.history] == ["user", "assistant"] * (len(case.history) // 2)
    replies = [turn["content"] for case in CASES for turn in case.history if turn["role"] == "assistant"]
    answered = [reply for reply in replies if not reply.startswith("The articles do not answer")]
    assert len(replies) - len(answered) == 2 and all(re.search(r" \[1\]\.$", reply) for reply in answered)
