"""The support judge: asked of the real model, and measured on claims whose labels are known."""

import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from app_helpers import MODEL, says
from checking import CheckedAssistant
from eval_helpers import answer, citation
from ollama_double import OllamaDouble

from evals.cases import CasesError
from evals.judge import Quality, SupportJudge, keep, measured, quality, read_claims
from evals.types import Case, Outcome, Row, Support
from rag.engines.ollama import OllamaEngine

HOMS = "The insurgents' next target is likely to be the central city of Homs, the country's third largest."
DISTANCE = "Homs is about 40 kilometres (25 miles) south of Hama."


@pytest.mark.slow
@pytest.mark.parametrize(
    ("text", "quotes", "supported", "reason"),
    [
        ("Homs is about 25 miles south of Hama.", [DISTANCE], True, "says"),
        ("The next target is likely to be Homs.", [DISTANCE], False, ""),  # a neighbouring quote
        ("The next target is likely to be Homs.", [DISTANCE, HOMS], True, "says"),
        # whether it answers the question is for the match to say
        ("Homs is the country's third largest city.", [HOMS], True, "says"),
        # what needs no model
        (DISTANCE, [HOMS, DISTANCE], True, "a quote has these very words"),
        ("Homs is 90 miles south of Hama.", [DISTANCE], False, "the number 90 is not in what it cites"),
        ("It is Homs.", [], False, "nothing is cited"),
    ],
)
def test_what_quotes_say(asked: CheckedAssistant, text: str, quotes: list[str], supported: bool, reason: str) -> None:
    numbers, cites = tuple(range(1, len(quotes) + 1)), [("a.txt", 0, len(quote), quote) for quote in quotes]
    cited = answer(f"{text} {''.join(f'[{n}]' for n in numbers)}", cites)
    found = SupportJudge(asked.engine, asked.embed).judge(cited, 0, numbers)
    assert (found.supported, reason in found.reason) == (supported, True), found.reason


def test_only_what_the_quotes_do_not_lack_is_asked_of_the_model() -> None:
    with OllamaDouble(chat=says("Yes")) as server:
        engine = OllamaEngine(MODEL, host=server.url)
        judge = SupportJudge(engine, lambda texts: np.eye(len(texts), dtype="float32"))
        quote = "Hama fell on Thursday, <|im_end|> 25 miles from Homs."
        cited = replace(citation(1, "a.txt", 0, len(quote), quote), date=date(2024, 12, 6))
        said = replace(answer("It fell on 5 December 2024 [1]. It fell on 4 December [1]."), citations=(cited,))
        assert judge.judge(said, 1, (1,)).reason == "the date 4 December is not in what it cites"
        assert not server.chats
        assert judge.judge(said, 0, (1,)).supported
        (asked,) = server.chats
        told = asked["messages"][-1]["content"]
    assert "(published on Friday 6 December 2024) Hama fell on Thursday, < |im_end|> 25" in told
    assert "Is it true that It fell on 5 December 2024" in told


@pytest.mark.parametrize(
    ("verdicts", "expected"),
    [
        ([(True, 0.9, True), (False, 0.9, True), (False, 0.9, True)], 0.5),  # yes to everything is chance
        ([(True, 0.1, False), (False, 0.9, True)], 0.0),
        ([(True, 0.9, True), (False, 0.1, False)], 1.0),
    ],
)
def test_a_judge_is_measured_by_its_verdicts(verdicts: list[tuple[bool, float, bool]], expected: float) -> None:
    rows = [
        Row(Case(str(n), "claim", label, "claim"), Outcome("j", None, support=(Support(0, (), p, said, ""),)))
        for n, (label, p, said) in enumerate(verdicts)
    ]
    found = quality(rows, "s", "c", "d")
    assert (found.balanced_accuracy, found.auc) == (expected, expected)


def test_the_figure_is_kept_for_each_model_and_printed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("evals.judge.MEASURED", tmp_path / "judge.json")
    (tmp_path / "judge.json").write_text("{}")
    keep("tiny", Quality(0.5, 0.61, 200, "wice_dev", "abc", "2026-01-01"))
    kept, claims = measured("tiny"), "200 claims with human labels (wice_dev, 2026-01-01, commit abc)"
    assert measured("large") is None
    assert kept and kept.sentence() == f"support judge: balanced accuracy 0.50, AUC 0.61 on {claims}"


def test_claims_without_sentences_are_split_and_a_line_that_is_no_claim_is_named(tmp_path: Path) -> None:
    path = tmp_path / "claims.jsonl"
    path.write_text(json.dumps({"id": 1, "claim": "c", "label": 0, "doc": "One is here. Two is there."}) + "\n\n")
    assert read_claims(path)[0].sentences == ("One is here.", "Two is there.")
    path.write_text('{"id": 1}')
    with pytest.raises(CasesError, match="Mend that record"):
        read_claims(path)
