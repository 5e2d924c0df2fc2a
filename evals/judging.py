"""How good the learned judge is (`rag.crossencoder`), on questions whose gold sentences are known. No chat model.

It reads what the search brings, as when a question is asked: does it put the sentence first that answers, does it know
when none does, and does it tell a right answer from another name or number of the same sentence?"""

import random
import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from evals.judge import Claim
from evals.matching import matches
from evals.progress import Progress
from evals.stats import roc_auc
from evals.types import Case
from index.static import StaticEmbedder
from rag.assistant import Assistant
from rag.crossencoder import CrossEncoder
from rag.evidence import PASSAGES, Evidence, likeliest

_FOUND = 10 * PASSAGES
_BINS = 5  # of the reliability curve
_NAME_OR_NUMBER = re.compile(r"(?<!^)\b(?:[A-Z][\w’'-]*(?: [A-Z][\w’'-]*)*|\d[\d,.]*\d|\d)\b")
Measure = tuple[str, float, int]  # the name of a figure, the figure, and what it counts


class Reading(NamedTuple):
    """The statements found for a question, the judge's probability for each, and which of them answer."""

    case: Case
    statements: tuple[Evidence, ...]
    answers: tuple[float, ...]
    gold: tuple[bool, ...]


def measure(assistant: Assistant, cases: Sequence[Case], claims: Sequence[Claim], told: Progress) -> list[Measure]:
    """Asks the judge about `cases` over the assistant's articles, and about `claims` with human labels."""
    judge, readings, asked = CrossEncoder(), list[Reading](), list[Case]()
    for case in cases:  # each that has an answer again without the articles that give it
        blind = replace(case, exclude=(*case.exclude, *(one.article for one in case.evidence)))
        asked += [case, blind] if case.answerable else [case]
    for done, case in enumerate(asked, 1):
        readings.append(reading(assistant, judge, case))
        told(done, len(asked), "judge")
    answered = [one for one in readings if any(one.gold)]
    ranked = {
        "judge": [[one.gold[at] for at in np.argsort([-p for p in one.answers], kind="stable")] for one in answered],
        "search": [list(one.gold) for one in answered],
    }
    found = list[Measure]()
    for name, golds in ranked.items():
        shares = ((k, float(np.mean([any(gold[:k]) for gold in golds]))) for k in (1, 3))
        found += [(f"recall@{k} of the gold sentence, {name}", share, len(golds)) for k, share in shares]
    surest = [max(one.answers, default=0.0) for one in readings]
    found.append(_auc("AUC, an answer is there or not", [any(one.gold) for one in readings], surest))
    found.append(_auc("AUC, right answer or another of its sentence", *swapped(judge, answered)))
    if claims:
        shown = [max(judge.supports("", one.claim, [text for text in one.sentences if text.strip()])) for one in claims]
        found.append(_auc("AUC, claims with human labels", [one.supported for one in claims], shown))
    found += _reliability(readings)
    pairs = [item.read for one in readings[:20] for item in one.statements]
    begun = time.perf_counter()
    judge.answers(cases[0].question, pairs)
    found.append(("milliseconds a pair", (time.perf_counter() - begun) * 1000 / len(pairs), len(pairs)))
    return found


def reading(assistant: Assistant, judge: CrossEncoder, case: Case) -> Reading:
    """What the judge says of the statements in the best passages for `case`."""

    def gold(item: Evidence) -> bool:
        quotes = [one.quote for one in case.evidence if one.quote and one.article in item.carriers]
        return any(quote in item.quote or item.quote in quote for quote in quotes) and bool(matches(item.quote, case))

    question = " ".join([*(turn["content"] for turn in case.history[:1]), case.question])
    hits = assistant.search(question, _FOUND, as_of=case.as_of, exclude=case.exclude)
    found = likeliest(question, hits, assistant.articles, StaticEmbedder())
    answers = judge.answers(question, [item.read for item in found])
    return Reading(case, tuple(found), tuple(answers), tuple(gold(item) for item in found))


def swapped(judge: CrossEncoder, readings: Sequence[Reading]) -> tuple[list[bool], list[float]]:
    """For each question, the right answer and another name or number of the same sentence, with their probabilities."""
    chance, labels, shown = random.Random(1), list[bool](), list[float]()
    for one in readings:
        case, words = one.case, one.statements[one.gold.index(True)].read
        answer, *more = next(iter(case.accepted), ("",))
        if not answer or more or answer not in words:
            continue
        named = [match.group() for match in _NAME_OR_NUMBER.finditer(words)]
        if others := [name for name in named if not _words(name) & _words(f"{answer} {case.question}")]:
            for given in (answer, chance.choice(others)):
                labels.append(given is answer)
                shown += judge.supports(case.question, given, [words])
    return labels, shown


def _words(text: str) -> set[str]:
    return set(re.findall(r"\w+", text.lower()))


def _auc(name: str, labels: Sequence[bool], scores: Sequence[float]) -> Measure:
    return name, roc_auc(labels, scores), len(labels)


def _reliability(readings: Sequence[Reading]) -> Iterator[Measure]:
    """How often what the judge holds for so likely does answer."""
    pairs = [pair for one in readings for pair in zip(one.answers, one.gold, strict=True)]
    for low in np.linspace(0, 1, _BINS, endpoint=False):
        within = [gold for p, gold in pairs if low <= p < low + 1 / _BINS]
        if within:
            share = float(np.mean(within))
            yield f"share that answers, of {low:.1f} to {low + 1 / _BINS:.1f}", share, len(within)
