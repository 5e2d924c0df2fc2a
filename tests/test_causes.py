"""Why a case went wrong, told from what a run has of it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from eval_helpers import answer, case, failed, hit, outcome, unanswerable

from evals import causes
from evals.types import GoldQuote, Outcome, Place, Row
from rag.types import Answer, Usage, Withheld

GOLD = Place("a.txt", 100, 150)
ASKED = case(evidence=(GoldQuote("a.txt", "They captured Homs."),))
THERE = [hit("a.txt", 0, 400)]
REFUSAL = "The articles do not answer this question."


def refusal(*withheld: Withheld, written: int = 9) -> Answer:
    usage = Usage(100, 0, written)
    return replace(answer(REFUSAL, abstained=True, hits=THERE, usage=usage), withheld=withheld)


def why(given: Answer) -> str | None:
    return causes.cause(ASKED, outcome(given, gold=(GOLD,)))


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (answer("It is Homs [1].", cites=[("a.txt", 100, 150, "")], hits=THERE), None),
        (answer("It is Aleppo [1].", cites=[("a.txt", 100, 150, "")], hits=THERE), causes.WRONG_GOLD),
        (answer("It is Aleppo [1].", cites=[("a.txt", 300, 350, "")], hits=THERE), causes.WRONG_ELSEWHERE),
        (answer("It is Aleppo [1].", cites=[("b.txt", 100, 150, "")], hits=[hit("b.txt", 0, 400)]), causes.NOT_FOUND),
        (refusal(Withheld("It is Homs.", "no article says it", 0.4)), causes.RIGHT_BUT_SOFT),
        (refusal(Withheld("It is Homs.", "the name Homs is in no article found")), causes.RIGHT_BUT_HARD),
        (refusal(Withheld("It is Aleppo.", "no article says it", 0.4)), causes.WRONG_WITHHELD),
        (refusal(), causes.DECLINED),
        (refusal(written=0), causes.NOT_ASKED),
    ],
)
def test_the_cause_of_a_wrong_case(given: Answer, expected: str | None) -> None:
    assert why(given) == expected


def test_an_answer_to_what_the_articles_do_not_say() -> None:
    assert causes.cause(unanswerable(), outcome("It is Homs.")) == causes.ANSWERED
    assert causes.cause(unanswerable(), outcome(answer(REFUSAL, abstained=True))) is None


def test_a_failure_and_a_search() -> None:
    assert causes.cause(ASKED, failed()) == causes.FAILED
    assert causes.cause(ASKED, Outcome("retrieval", None)) is None


def test_the_largest_cause_comes_first(capsys: pytest.CaptureFixture[str]) -> None:
    soft = refusal(Withheld("It is Homs.", "no article says it", 0.4))
    rows = [Row(ASKED, failed()), *(Row(ASKED, outcome(soft, gold=(GOLD,))) for _ in range(2))]
    assert [(name, len(found)) for name, found in causes.by_cause(rows)] == [
        (causes.RIGHT_BUT_SOFT, 2), (causes.FAILED, 1),
    ]  # fmt: skip
    causes.print_causes(rows)
    assert "withheld: “It is Homs.” (no article says it, 0.40)" in capsys.readouterr().out
