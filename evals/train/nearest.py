"""Sentences that a judge takes for answers and that are none: python -m evals.train.nearest PAIRS.jsonl.gz --out FILE.

For questions whose answer is known, of the sentences of all articles that share most words with them: those that search
and judge put first, and that do not hold the answer. PAIRS are of SQuAD's kind."""

import gzip
import json
import random
import re
from pathlib import Path
from typing import Any

import click
import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer

from evals.progress import progress
from rag.crossencoder import CrossEncoder

_NEAR = 25  # sentences that the judge reads for a question
_KEPT = 3  # of them, those that are learned from
_LIKENESS = 4.0  # log-odds for a cosine of 1, about what search counts for


@click.command()
@click.argument("pairs", type=click.Path(exists=True, path_type=Path))
@click.option("--out", required=True, type=click.Path(path_type=Path))
@click.option("--questions", default=2400, show_default=True)
def main(pairs: Path, out: Path, questions: int) -> None:
    """Writes QUESTIONS questions, each with the sentence that answers it and those that do not, into OUT."""
    with gzip.open(pairs, "rt", encoding="utf-8") as lines:
        rows = [row for row in map(json.loads, lines) if str(row["source"]).startswith("squad")]
    gold = _by_question(rows, "q-gold", "sentence")
    answer = _by_question(rows, "qa-gold", "answer")
    said = list(dict.fromkeys(row["sentence"] for row in rows if row["answer"] is None))
    asked = sorted(gold.keys() & answer.keys())
    random.Random(3).shuffle(asked)
    weigh, judge = TfidfVectorizer(stop_words="english", sublinear_tf=True), CrossEncoder()
    table = weigh.fit_transform(said)
    with gzip.open(out, "wt", encoding="utf-8") as written, progress() as told:
        for number, question in enumerate(asked[:questions], 1):
            likeness = (table @ weigh.transform([question]).T).toarray()[:, 0]
            near = np.argsort(-likeness)[:_NEAR]
            given = judge.log_odds(question, [said[at] for at in near])
            rank = {at: odds + _LIKENESS * likeness[at] for at, odds in zip(near, given, strict=True)}
            best = [said[at] for at in sorted(rank, key=lambda at: -rank[at])]
            beside = [one for one in best if one != gold[question] and _plain(answer[question]) not in _plain(one)]
            for sentence, label in [(gold[question], 1), *((one, 0) for one in beside[:_KEPT])]:
                row = {"question": question, "title": "", "sentence": sentence, "label": label}
                written.write(json.dumps(row, ensure_ascii=False) + "\n")
            told(number, questions, "questions")


def _by_question(rows: list[dict[str, Any]], kind: str, what: str) -> dict[str, str]:
    return {row["question"]: row[what] for row in reversed(rows) if row["kind"] == kind and row["label"] == 1}


def _plain(text: str) -> str:
    return re.sub(r"\W+", " ", text.lower()).strip()


if __name__ == "__main__":
    main()
