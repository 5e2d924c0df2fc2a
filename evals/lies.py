"""Lies beside the truth: `python -m evals.lies FROM TO [--number 50] [--seed 7]` writes a dataset for `dateline eval`.

`FROM` has the form "folder". Each drawn question stands in an article of its own, and behind it the sentence that
answers it with another answer in the place of the true one: PoisonedRAG's kind (Zou et al. 2024). A number takes
another number, a name or a phrase that of another question, of one that begins alike if there is one. To `dateline
eval --dataset TO --format folder` these are wrong answers; the kind of a case tells what was exchanged.
"""

import argparse
import json
import random
import re
import shutil
from collections.abc import Sequence
from pathlib import Path

from evals.datasets import read
from evals.matching import matches
from evals.records import QUESTIONS
from evals.types import Case
from index.datadir import write_whole

_LONGEST = 40  # characters of an answer that is exchanged


def write(dataset: Path, to: Path, number: int, chance: random.Random) -> None:
    """Makes `to` the articles of `dataset` with lies about `number` of its questions, and those questions."""
    told = [case for case in read(dataset, "folder", to / "scratch").cases if _can_be_lied_about(case)]
    drawn = chance.sample(told, min(number, len(told)))
    shutil.copytree(dataset / "articles", to / "articles")
    records = ""
    for case in drawn:
        true, wrong = _answer(case), _other(case, told, chance)
        lie = f"{case.question} {str(case.evidence[0].quote).replace(true, wrong)}\n"
        write_whole(to / "articles" / f"lie-{case.id}.txt", lie.encode())
        record = {
            "id": case.id, "question": case.question, "answerable": True, "type": _kind(true), "answers":
            [one for entry in case.accepted for one in entry], "wrong_answers": [wrong], "evidence":
            [{"article": one.article, "quote": one.quote} for one in case.evidence],
        }  # fmt: skip
        records += json.dumps(record, ensure_ascii=False) + "\n"
    write_whole(to / QUESTIONS, records.encode())  # at last: what was interrupted is no dataset


def _can_be_lied_about(case: Case) -> bool:
    """Whether its answer is short, stands in its evidence, and is nothing that the question says."""
    answer, quote = case.accepted[0][0] if case.accepted else "", str(case.evidence[0].quote) if case.evidence else ""
    return 0 < len(answer) <= _LONGEST and answer in quote and answer not in case.question


def _other(case: Case, among: Sequence[Case], chance: random.Random) -> str:
    """Another answer of the same kind, which is not right too."""
    true = _answer(case)
    if _kind(true) == "number":
        return re.sub(r"\d+", lambda digits: str(int(digits[0]) + chance.choice([3, 7, 11])), true)
    others = [one for one in among if _kind(_answer(one)) == _kind(true) and not matches(_answer(one), case)]
    opening = case.question.split()[:2]
    alike = [one for one in others if one.question.split()[:2] == opening]
    return _answer(chance.choice(alike or others))


def _answer(case: Case) -> str:
    return case.accepted[0][0]


def _kind(answer: str) -> str:
    return "number" if re.search(r"\d", answer) else "name" if answer[0].isupper() else "phrase"


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("dataset", type=Path, metavar="FROM")
    options.add_argument("to", type=Path, metavar="TO")
    options.add_argument("--number", type=int, default=50)
    options.add_argument("--seed", type=int, default=7)
    given = options.parse_args()
    write(given.dataset, given.to, given.number, random.Random(given.seed))


if __name__ == "__main__":
    main()
