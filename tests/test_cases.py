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
}


def written(folder: Path, *rows: Any) -> Path:
    path = folder / "gold.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def without(row: dict[str, Any], field: str) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != field}


def test_every_field_is_read_and_a_string_accepted_becomes_a_list_of_one(tmp_path: Path) -> None:
    assert load(written(tmp_path, FULL)) == [
        Case(
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
    ]


def test_fields_left_out_have_their_defaults(tmp_path: Path) -> None:
    assert load(written(tmp_path, LEAST)) == [Case("a", "Who?", True, "number", accepted=(("Ann",),))]


def test_blank_lines_a_mark_at_the_front_and_windows_line_ends_do_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "gold.jsonl"
    path.write_bytes(b"\xef\xbb\xbf" + json.dumps(LEAST).encode() + b"\r\n\r\n\n")
    assert [case.id for case in load(path)] == ["a"]


def test_a_line_separator_inside_a_string_does_not_end_the_line(tmp_path: Path) -> None:
    path = tmp_path / "gold.jsonl"
    path.write_text(json.dumps(LEAST | {"question": "Who\u2028then?"}, ensure_ascii=False), encoding="utf-8")
    assert load(path)[0].question == "Who\u2028then?"


@pytest.mark.parametrize("field", ["id", "question", "answerable", "kind"])
def test_a_required_field_that_is_missing_is_named(field: str, tmp_path: Path) -> None:
    path = written(tmp_path, LEAST, without(LEAST, field))
    with pytest.raises(CasesError) as raised:
        load(path)
    assert str(raised.value) == f"{path}, line 2: the field '{field}' is missing; add it."


@pytest.mark.parametrize(
    ("row", "mistake"),
    [
        (LEAST | {"acepted": ["Ann"]}, "no field 'acepted'; rename or remove it."),
        (LEAST | {"evidence": [{"article": "a", "qoute": "b"}]}, "no field 'evidence.0.qoute'; rename or remove it."),
        (LEAST | {"answerable": "yes"}, "'answerable' is \"yes\""),
        (LEAST | {"accepted": "Ann"}, "'accepted' is \"Ann\""),
        (LEAST | {"accepted": [3]}, "'accepted.0.0' is 3"),
        (LEAST | {"accepted": [" "]}, "is empty"),
        (LEAST | {"accepted": [[]]}, "'accepted.0' is []"),
        (LEAST | {"split": "train"}, "'split' is \"train\""),
        (LEAST | {"as_of": "Thursday"}, "'as_of' is \"Thursday\""),
        (LEAST | {"history": [{"role": "system", "content": "Obey."}]}, "'history.0.role' is \"system\""),
        (LEAST | {"patterns": ["(a"]}, 'the pattern "(a" is no regular expression'),
        (LEAST | {"accepted": []}, "add one to 'accepted'."),
        (LEAST | {"answerable": False}, "empty 'accepted' and 'patterns'."),
        (without(LEAST, "accepted") | {"answerable": False, "patterns": ["a"]}, "empty 'accepted' and 'patterns'."),
        (["a"], "write each question as one object on one line."),
    ],
)
def test_a_line_that_is_wrong_is_named_with_its_mistake(row: Any, mistake: str, tmp_path: Path) -> None:
    path = written(tmp_path, LEAST | {"id": "first"}, row)
    with pytest.raises(CasesError) as raised:
        load(path)
    assert str(raised.value).startswith(f"{path}, line 2: ")
    assert mistake in str(raised.value)


def test_a_pattern_alone_makes_an_answer_acceptable(tmp_path: Path) -> None:
    (case,) = load(written(tmp_path, LEAST | {"accepted": [], "patterns": ["Ann|Anna"]}))
    assert case.patterns == ("Ann|Anna",)


def test_two_questions_of_one_id_are_told_apart_by_their_lines(tmp_path: Path) -> None:
    with pytest.raises(CasesError, match=r"line 3: the id 'a' is already that of line 1; give each question an id"):
        load(written(tmp_path, LEAST, LEAST | {"id": "b"}, LEAST))


def test_half_a_line_of_json_is_an_error_of_ours(tmp_path: Path) -> None:
    path = tmp_path / "gold.jsonl"
    path.write_text('{"id": "a",', encoding="utf-8")
    with pytest.raises(CasesError, match="line 1: this is not one JSON object"):
        load(path)


def test_a_file_that_is_not_there_or_not_text_is_an_error_of_ours(tmp_path: Path) -> None:
    with pytest.raises(CasesError, match=r"There is no file .*name a JSON Lines file"):
        load(tmp_path / "nowhere.jsonl")
    (tmp_path / "latin.jsonl").write_bytes(b'{"id": "caf\xe9"}')
    with pytest.raises(CasesError, match=r"not in UTF-8 .*save it as UTF-8"):
        load(tmp_path / "latin.jsonl")
    with pytest.raises(CasesError, match="cannot be read"):
        load(tmp_path)


def numbered(count: int) -> list[Case]:
    return [Case(str(i), "Who?", False, "number", split="dev" if i % 2 else "test") for i in range(count)]


def ids(cases: list[Case]) -> list[str]:
    return [case.id for case in cases]


def test_a_spread_is_even_and_always_the_same() -> None:
    assert ids(spread(numbered(10), 5)) == ["0", "2", "4", "6", "8"]
    assert ids(spread(numbered(10), 3)) == ["0", "3", "6"]
    assert spread(numbered(10), 3) == spread(numbered(10), 3)


@pytest.mark.parametrize(("count", "got"), [(0, 0), (1, 1), (6, 6), (7, 7), (8, 7), (100, 7), (-1, 0)])
def test_a_spread_has_as_many_as_asked_or_as_there_are_none_twice(count: int, got: int) -> None:
    assert len(set(ids(spread(numbered(7), count)))) == len(spread(numbered(7), count)) == got


def test_a_spread_over_nothing_is_nothing() -> None:
    assert spread([], 5) == []


def test_a_split_is_its_half_and_none_is_everything() -> None:
    assert ids(of_split(numbered(4), "dev")) == ["1", "3"]
    assert ids(of_split(numbered(4), "test")) == ["0", "2"]
    assert ids(of_split(numbered(4), None)) == ["0", "1", "2", "3"]


def test_without_its_gold_articles_a_question_is_to_be_refused(tmp_path: Path) -> None:
    (case,) = load(written(tmp_path, FULL))
    (bereft,) = without_gold([case])
    assert bereft == Case(
        id="a-without-gold",
        question="Who?",
        answerable=False,
        kind="without-gold",
        history=case.history,
        split="dev",
        as_of=date(2024, 12, 5),
        exclude=("c.txt", "a.txt", "b.txt"),
    )


def test_an_article_is_excluded_once_however_many_quotes_it_holds() -> None:
    quotes = (GoldQuote("a.txt", "x"), GoldQuote("a.txt", "y"))
    (bereft,) = without_gold([Case("a", "Who?", True, "number", (("Ann",),), evidence=quotes, exclude=("a.txt",))])
    assert bereft.exclude == ("a.txt",)


def test_questions_without_answer_or_evidence_are_not_asked_without_gold() -> None:
    refused = Case("a", "Who?", False, "not-in-corpus", evidence=(GoldQuote("a.txt"),))
    unplaced = Case("b", "Who?", True, "number", accepted=(("Ann",),))
    assert without_gold([refused, unplaced]) == []
