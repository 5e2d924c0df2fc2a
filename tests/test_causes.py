"""Why a case went wrong, told from what a run has of it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from eval_helpers import answer, case, failed, outcome, unanswerable

from evals import causes
from evals.types import Case, GoldQuote, Outcome, Place, Row
from index.types import Hit, Passage
from rag.types import Answer, Usage, Withheld

GOLD = (Place("a.txt", 100, 150),)
ASKED = case(evidence=(GoldQuote("a.txt", "They captured Homs."),))
HITS = {name: (Hit(Passage("1", name, name, None, "", 0, 400), 0.03, 1, 0.6),) for name in ("a.txt", "b.txt")}
SOFT = Withheld("It is Homs.", "no article says it", 0.4)


def said(text: str, article: str, start: int) -> Answer:
    return answer(f"{text} [1].", cites=[(article, start, start + 50, "")], hits=HITS[article])


def refusal(*withheld: Withheld, written: int = 9) -> Answer:
    text = "The articles do not answer this question."
    return replace(answer(text, abstained=True, hits=HITS["a.txt"], usage=Usage(100, 0, written)), withheld=withheld)


@pytest.mark.parametrize(
    ("asked", "given", "expected"),
    [
        (ASKED, said("It is Homs", "a.txt", 100), None),
        (ASKED, said("It is Aleppo", "a.txt", 100), causes.WRONG_GOLD),
        (ASKED, said("It is Aleppo", "a.txt", 300), causes.WRONG_ELSEWHERE),
        (ASKED, said("It is Aleppo", "b.txt", 100), causes.NOT_FOUND),
        (ASKED, refusal(SOFT), causes.RIGHT_BUT_SOFT),
        (ASKED, refusal(Withheld("It is Homs.", "the name Homs is in no article found")), causes.RIGHT_BUT_HARD),
        (ASKED, refusal(Withheld("It is Aleppo.", "no article says it", 0.4)), causes.WRONG_WITHHELD),
        (ASKED, refusal(), causes.DECLINED),
        (ASKED, refusal(written=0), causes.NOT_ASKED),
        (unanswerable(), answer("It is Homs."), causes.ANSWERED),
        (unanswerable(), refusal(), None),
        (ASKED, None, None),  # only searched
    ],
)
def test_the_cause_of_a_wrong_case(asked: Case, given: Answer | None, expected: str | None) -> None:
    assert causes.cause(asked, Outcome("any", given, gold=GOLD)) == expected


def test_the_largest_cause_comes_first(capsys: pytest.CaptureFixture[str]) -> None:
    rows = [Row(ASKED, failed()), *(Row(ASKED, outcome(refusal(SOFT), gold=GOLD)) for _ in range(2))]
    causes.print_causes(rows)
    told = capsys.readouterr().out.splitlines()
    heads = [f"{causes.RIGHT_BUT_SOFT}: 2", f"{causes.FAILED}: 1"]
    assert [line for line in told if line and not line.startswith(" ")] == heads
    assert "    withheld: “It is Homs.” (no article says it, 0.40)" in told
