"""Why a case went wrong, as far as the run shows it: what to work on next, the largest cause first."""

from collections import defaultdict
from collections.abc import Iterable

from evals.matching import matches
from evals.scorers.answer import refused
from evals.types import Case, Outcome, Place, Row
from rag.printing import say

ANSWERED = "answered, though the articles do not say"
FAILED = "failed with an error"
NOT_FOUND = "the gold passage is not among the passages found"
NOT_ASKED = "refused without asking the model"
DECLINED = "the model wrote that it is not stated"
RIGHT_BUT_HARD = "a right draft was withheld: a number, date or name seemed to be missing"
RIGHT_BUT_SOFT = "a right draft was withheld: its support seemed too low"
WRONG_WITHHELD = "the draft was wrong, and was withheld"
WRONG_GOLD = "wrong, though it cites the gold quote"
WRONG_ELSEWHERE = "wrong, from another quote than the gold one"


def cause(case: Case, outcome: Outcome) -> str | None:
    """Why this is not what should have come out; None if it is. Of a right answer, only that it is right counts."""
    answer = outcome.answer
    if answer is None:
        return FAILED if outcome.error is not None else None
    if not case.answerable:
        return None if refused(answer) else ANSWERED
    if not refused(answer) and matches(answer.text, case):
        return None
    gold = [place for place in outcome.gold if place]
    found = [Place(hit.passage.article, hit.passage.start, hit.passage.end) for hit in answer.hits]
    if found and gold and not _share(gold, found):  # not every system says what it found
        return NOT_FOUND
    if not refused(answer):
        cited = [Place(one.article, one.start, one.end) for one in answer.citations]
        return WRONG_GOLD if _share(gold, cited) else WRONG_ELSEWHERE
    if not answer.withheld:
        return DECLINED if answer.usage.completion_tokens else NOT_ASKED
    if not matches(" ".join(draft.text for draft in answer.withheld), case):
        return WRONG_WITHHELD
    return RIGHT_BUT_SOFT if all(draft.support is not None for draft in answer.withheld) else RIGHT_BUT_HARD


def print_causes(rows: Iterable[Row]) -> None:
    """Each cause, the largest first, with its cases: what was asked, what is right, what came out."""
    found: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        if said := cause(row.case, row.outcome):
            found[said].append(row)
    for said, failed in sorted(found.items(), key=lambda item: (-len(item[1]), item[0])):
        say(f"\n{said}: {len(failed)}")
        for row in failed:
            say(f"  {row.case.id}: {row.case.question}")
            if row.case.accepted:
                say(f"    right: {' / '.join(' + '.join(entry) for entry in row.case.accepted[:3])}")
            say(f"    {_what_came(row.outcome)}")


def _share(some: list[Place], others: list[Place]) -> bool:
    """Whether any characters are in both."""
    return any(one.shared(other) for one in some for other in others)


def _what_came(outcome: Outcome) -> str:
    answer = outcome.answer
    if answer is None:
        return f"error: {outcome.error}"
    if not refused(answer):
        return f"said: {answer.text}"
    whys = (one.reason if one.support is None else f"{one.reason}, {one.support:.2f}" for one in answer.withheld)
    drafts = [f"“{one.text}” ({why})" for one, why in zip(answer.withheld, whys, strict=True)]
    return f"withheld: {' '.join(drafts)}" if drafts else "refused"
