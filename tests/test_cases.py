"""Loading gold questions, and the cases made of them."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from eval_helpers import lines

from evals.cases import CasesError, load, spread, without_gold
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


def test_blank_lines_a_mark_at_the_front_and_other_line_ends_do_no_harm(tmp_path: Path) -> None:
    line = json.dumps(LEAST | {"question": "Who\u2028then?"}, ensure_ascii=False)
    path = lines(tmp_path / "gold.jsonl", b"\xef\xbb\xbf" + line.encode() + b"\r\n\r\n\n")
    assert [case.question for case in load(path)] == ["Who\u2028then?"]


@pytest.mark.parametrize(
    ("changed", "mistake"),
    [
        *(({name: None}, f", {name}: it is missing") for name in ("id", "question", "answerable", "kind")),
        ({"acepted": ["Ann"]}, ", acepted: there is no such field"),
        ({"evidence": [{"article": "a", "qoute": "b"}]}, ", evidence.0.qoute: there is no such field"),
        ({"answerable": "yes"}, ", answerable: Input should be a valid boolean"),
        ({"accepted": "Ann"}, ", accepted: Input should be a valid tuple"),
        ({"accepted": [3]}, ", accepted.0: Input should be a valid tuple"),
        ({"accepted": [" "]}, ", accepted.0.0: it is blank"),
        ({"accepted": [[]]}, ", accepted.0: Tuple should have at least 1 item"),
        ({"split": "train"}, ", split: Input should be 'dev' or 'test'"),
        ({"as_of": "Thursday"}, ", as_of: Input should be a valid date"),
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


def test_what_is_no_file_of_questions_is_said(tmp_path: Path) -> None:
    with pytest.raises(CasesError, match=r"is not UTF-8 .*Save it as UTF-8"):
        load(lines(tmp_path / "gold.jsonl", b'{"id": "caf\xe9"}'))
    with pytest.raises(CasesError, match=r"cannot be read .*Name a JSON Lines file"):
        load(tmp_path / "gone.jsonl")


def test_a_spread_is_even_has_none_twice_and_is_always_the_same() -> None:
    assert spread(range(10), 3) == [0, 3, 6]
    for size in range(9):
        for count in range(-1, 12):
            chosen = spread(range(size), count)
            assert len(set(chosen)) == len(chosen) == max(0, min(size, count))
            assert chosen == spread(range(size), count)
