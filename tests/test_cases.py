"""Loading gold questions, and the cases made of them."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from evals.cases import CasesError, load, of_split, spread, without_gold
from evals.types import Case, GoldQuote

LEAST = {"id": "a", "question": "Who?", "answerable": True, "kind": "number", "accepted": ["Ann"]}
FULL = LEAST | {
    "accepted": ["25 miles", ["north", "south"]],
    "patterns": [r"\b25\b"],
    "wrong": ["30 miles"],
    "several": True,
    "evidence": [{"article": "a.txt", "quote": "“So”", "fact": 1}, {"article": "b.txt"}],
    "history": [{"role": "user", "content": "Hm?"}, {"role": "assistant", "content": "Yes [1]."}],
    "split": "dev",
    "as_of": "2024-12-05",
    "exclude": ["c.txt"],
    "note": "of the second reading",
}


def written(folder: Path, *rows: Any) -> Path:
    path = folder / "gold.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def test_every_field_is_read_and_those_left_out_have_their_defaults(tmp_path: Path) -> None:
    full = Case(
        id="a",
        question="Who?",
        answerable=True,
        kind="number",
        accepted=(("25 miles",), ("north", "south")),
        patterns=(r"\b25\b",),
        wrong=("30 miles",),
        several=True,
        evidence=(GoldQuote("a.txt", "“So”", 1), GoldQuote("b.txt", None, 0)),
        history=({"role": "user", "content": "Hm?"}, {"role": "assistant", "content": "Yes [1]."}),
        split="dev",
        as_of=date(2024, 12, 5),
        exclude=("c.txt",),
    )
    assert load(written(tmp_path, FULL, LEAST | {"id": "b"})) == [
        full,
        Case("b", "Who?", True, "number", accepted=(("Ann",),)),
    ]
    (pattern_only,) = load(written(tmp_path, LEAST | {"accepted": [], "patterns": ["Ann|Anna"]}))
    assert pattern_only.patterns == ("Ann|Anna",)
    (bereft,) = without_gold([full])
    assert bereft == Case(
        "a-without-gold", "Who?", False, "without-gold", history=full.history, split="dev", as_of=full.as_of,
        exclude=("c.txt", "a.txt", "b.txt"),
    )  # fmt: skip


def test_blank_lines_a_mark_at_the_front_and_other_line_ends_do_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "gold.jsonl"
    line = json.dumps(LEAST | {"question": "Who\u2028then?"}, ensure_ascii=False)
    path.write_bytes(b"\xef\xbb\xbf" + line.encode() + b"\r\n\r\n\n")
    assert [case.question for case in load(path)] == ["Who\u2028then?"]


@pytest.mark.parametrize(
    ("changed", "mistake"),
    [
        ({"id": None}, ", id: it is missing"),
        ({"question": None}, ", question: it is missing"),
        ({"answerable": None}, ", answerable: it is missing"),
        ({"kind": None}, ", kind: it is missing"),
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
    ],
)
def test_a_line_that_is_wrong_is_named_with_its_mistake(changed: dict[str, Any], mistake: str, tmp_path: Path) -> None:
    row = {name: value for name, value in (LEAST | changed).items() if value is not None}
    path = written(tmp_path, LEAST | {"id": "first"}, row)
    with pytest.raises(CasesError) as raised:
        load(path)
    assert str(raised.value).startswith(f"{path}, line 2")
    assert mistake in str(raised.value)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b'{"id": "a",', "line 1: it is not JSON"),
        (b'["a"]', "line 1: Input should be a dictionary"),
        (b'{"id": "caf\xe9"}', "is not UTF-8 .*Save it as UTF-8"),
        (None, "cannot be read .*Name a JSON Lines file"),
    ],
)
def test_what_is_no_file_of_questions_is_said(content: bytes | None, told: str, tmp_path: Path) -> None:
    path = tmp_path / "gold.jsonl"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(CasesError, match=told):
        load(path)


def numbered(count: int) -> list[Case]:
    return [Case(str(i), "Who?", False, "number", split="dev" if i % 2 else "test") for i in range(count)]


def ids(cases: list[Case]) -> list[str]:
    return [case.id for case in cases]


def test_a_spread_is_even_has_none_twice_and_is_always_the_same() -> None:
    assert ids(spread(numbered(10), 3)) == ["0", "3", "6"]
    for size in range(9):
        for count in range(-1, 12):
            chosen = spread(numbered(size), count)
            assert len(set(ids(chosen))) == len(chosen) == max(0, min(size, count))
            assert chosen == spread(numbered(size), count)


def test_a_split_is_its_half_and_none_is_everything() -> None:
    assert [ids(of_split(numbered(4), half)) for half in ("dev", "test", None)] == [
        ["1", "3"], ["0", "2"], ["0", "1", "2", "3"],
    ]  # fmt: skip


def test_what_has_no_answer_or_no_evidence_is_not_asked_without_gold_and_articles_are_excluded_once() -> None:
    quotes = (GoldQuote("a.txt", "x"), GoldQuote("a.txt", "y"))
    asked = Case("a", "Who?", True, "number", (("Ann",),), evidence=quotes, exclude=("a.txt",))
    refused = Case("b", "Who?", False, "not-in-corpus", evidence=(GoldQuote("a.txt"),))
    unplaced = Case("c", "Who?", True, "number", accepted=(("Ann",),))
    assert [bereft.exclude for bereft in without_gold([asked, refused, unplaced])] == [("a.txt",)]
