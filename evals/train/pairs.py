"""The pairs that the judge learns from: question, perhaps an answer, the words of an article, and whether they fit.
What the data has too little of is made from what it has: the same words about another subject."""

import gzip
import json
import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer

# names as they stand inside a sentence: a run of capitalised words behind a small one
_NAME = re.compile(r"(?<=[a-z,] )(?:the )?[A-Z][\w’'-]+(?: (?:of |de |van |al-)?[A-Z][\w’'-]+){0,3}")
_PLENTY = ("q-article", "q-paragraph", "q-paragraph2")  # each epoch reads another half of them
_SAID = ("q-gold", "q-paragraph", "q-swapped", "qnli", "squad_sentences", "squad_sentences-like")
_BARE = 7  # of so many statements found, one is read without what its article is about
_NUMBER = re.compile(r"\b\d[\d,.]*\b")


@dataclass(frozen=True, slots=True)
class Pair:
    """`answer` None asks whether `words` answer `question`; else, whether they show that the answer is right."""

    question: str
    answer: str | None
    words: str  # the statement of an article, perhaps with its title, its date and the sentence before it
    label: float  # 1 or 0; between them where another judge's probability is learned
    kind: str


def read(path: Path) -> list[Pair]:
    """The pairs of a gzipped JSON Lines file; claims without a question are pairs with an empty one. Where a file has
    only sentences that answer, each question gets one of the others that is like it. A file of news has statements with
    the questions written about them (`_of_news`), one of what the search found has titles too (`_of_search`)."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    if "no" in rows[0]:
        return list(_of_news(rows))
    if "title" in rows[0]:
        return list(_of_search(rows))
    found = list[Pair]()
    for row in rows:
        words, kind = " ".join((row.get("sentence") or row["context"]).split()), row.get("kind")
        label = float(row.get("label", row.get("answerable", 0)))
        found.append(Pair(row["question"], row.get("answer"), words, label, kind or path.name.partition(".")[0]))
    return found if any(pair.label < 0.5 for pair in found) else [*found, *_like(found)]


def _like(pairs: Sequence[Pair]) -> Iterator[Pair]:
    """Beside each question the words of another pair that share most with it."""
    said = list(dict.fromkeys(pair.words for pair in pairs))
    weigh = TfidfVectorizer(stop_words="english", sublinear_tf=True)
    table = weigh.fit_transform(said)
    for pair, row in zip(pairs, weigh.transform([pair.question for pair in pairs]), strict=True):
        likeness = (table @ row.T).toarray()[:, 0]
        nearest = [said[at] for at in np.argsort(-likeness)[:4] if said[at] != pair.words]
        yield replace(pair, words=nearest[min(1, len(nearest) - 1)], label=0.0, kind=f"{pair.kind}-like")


def _of_news(rows: Sequence[dict[str, Any]]) -> Iterator[Pair]:
    """Of each statement: questions that it answers ("yes", with the answer and another name or number of it), questions
    in the same words that it does not ("no"), a sentence that answers rightly, and one that answers a "no" with it."""
    others: dict[str, list[str]] = {}
    for row in rows:
        others.setdefault(row["article"], []).append(row["statement"])
    chance = random.Random(1)
    for row in rows:
        words = row["statement"]
        told = [given for _, *both in row["yes"] for given in both if given not in ("yes", "no")]
        for question, answer, wrong in row["yes"]:
            yield Pair(question, None, words, 1.0, "news-gold")
            yield Pair(question, answer, words, 1.0, "news-right")
            yield Pair(question, wrong, words, 0.0, "news-wrong")
            beside = [other for other in others[row["article"]] if _is_beside(other, words, question, answer)]
            near = max(beside, key=lambda other: len(_long(question) & _long(other)), default=None)
            for other in dict.fromkeys([near, chance.choice(beside)]) if near else ():
                yield Pair(question, None, other or "", 0.0, "news-sibling")
        for question in row["no"]:
            yield Pair(question, None, words, 0.0, "news-no")
            if told:
                yield Pair(question, chance.choice(told), words, 0.0, "news-trap")
        if "right" in row:
            at, said = row["false"]
            yield Pair(row["yes"][0][0], row["right"], words, 1.0, "news-said")
            yield Pair(row["no"][at], said, words, 0.0, "news-false")


def _of_search(rows: Sequence[dict[str, Any]]) -> Iterator[Pair]:
    """What search and judge put first for a question, mostly behind what its article is about, as in use."""
    for number, row in enumerate(rows):
        bare = not row["title"] or number % _BARE == 0
        words = row["sentence"] if bare else f"({row['title']}) {row['sentence']}"
        yield Pair(row["question"], row.get("answer"), words, float(row["label"]), "found")


def _is_beside(other: str, words: str, question: str, answer: str) -> bool:
    """Whether another statement of the article surely does not answer."""
    if other in words or words in other:
        return False
    if answer in ("yes", "no"):
        return len(_long(question) & _long(other)) < 2
    return answer.lower() not in other.lower()


def _long(text: str) -> set[str]:
    return set(re.findall(r"\w{4,}", text.lower()))


def augmented(pairs: Sequence[Pair], seed: int) -> list[Pair]:
    """`pairs`, and beside each that fits others of the same words that do not; the order is shuffled."""
    chance = random.Random(seed)
    names = [match.group() for pair in pairs for match in _NAME.finditer(pair.words)]
    around: dict[str, list[str]] = {}  # each question's sentences that do not answer it and stand in the same paragraph
    for pair in pairs:
        if pair.kind in ("q-paragraph", "q-paragraph2"):
            around.setdefault(pair.question, []).append(pair.words)
    right = {(pair.question, pair.words): pair.answer for pair in pairs if pair.kind == "qa-gold"}
    found = list[Pair]()
    for pair in pairs:
        if pair.kind in _PLENTY and chance.random() < 0.5:
            continue
        shown = _in_an_article(pair, around, chance)
        # at times without the question mark, as people type
        found.append(replace(shown, question=shown.question.rstrip(" ?")) if chance.random() < 0.15 else shown)
        if pair.answer is None and pair.kind in _SAID and chance.random() < 0.5:
            found.append(_as_sentence(pair, chance))
        answer = right.get((pair.question, pair.words))
        if answer and pair.answer and answer in pair.words and chance.random() < 0.5:
            found.append(_with_its_answer(pair, answer, chance))
        if pair.label == 1.0 and pair.question:
            found += [_in_an_article(other, around, chance) for other in _of_another(pair, names, chance)]
    chance.shuffle(found)
    return found


def _of_another(pair: Pair, names: Sequence[str], chance: random.Random) -> Iterator[Pair]:
    """The statement about another subject, the question about another, and two names in each other's place."""
    told = list(dict.fromkeys(match.group() for match in _NAME.finditer(f"x {pair.words}")))
    asked = [name for name in told if name in pair.question and name not in (pair.answer or "")]
    other = chance.choice(names)
    if asked and other not in pair.words and other not in pair.question:
        name = chance.choice(asked)
        if chance.random() < 0.5:
            yield replace(pair, words=pair.words.replace(name, other), label=0.0, kind=f"{pair.kind}-subject")
        else:
            yield replace(pair, question=pair.question.replace(name, other), label=0.0, kind=f"{pair.kind}-subject")
    if pair.answer and len(told) > 1 and pair.answer in told and asked:
        one, two = pair.answer, chance.choice(asked)
        turned = pair.words.replace(one, "\0").replace(two, one).replace("\0", two)
        yield replace(pair, words=turned, label=0.0, kind=f"{pair.kind}-turned")
    years = [number for number in _NUMBER.findall(pair.question) if number in pair.words]
    if years:
        year = chance.choice(years)
        at = chance.choice([place for place, mark in enumerate(year) if mark.isdigit()])
        turned = year[:at] + chance.choice([digit for digit in "123456789" if digit != year[at]]) + year[at + 1 :]
        yield replace(pair, words=pair.words.replace(year, turned), label=0.0, kind=f"{pair.kind}-number")


def _as_sentence(pair: Pair, chance: random.Random) -> Pair:
    """The statement, or a part of it, as a whole answer: true to its source, and right only if it answers the question.
    What a chat model writes is a sentence, and mostly the source's own words."""
    clauses = re.split(r"(?<=[,;]) ", pair.words)
    said = pair.words if len(clauses) < 3 or pair.label == 1.0 else " ".join(clauses[: chance.randint(1, len(clauses))])
    return replace(pair, answer=said, kind=f"{pair.kind}-said")


def _with_its_answer(pair: Pair, answer: str, chance: random.Random) -> Pair:
    """The clause in which `answer` stands, or the whole statement, with the pair's answer in its place: another name or
    number of the same statement makes a sentence that is wrong in nothing else."""
    said = pair.words
    if chance.random() < 0.6:
        said = next((clause for clause in re.split(r"(?<=[,;]) ", said) if answer in clause), said)
    return replace(pair, answer=said.replace(answer, pair.answer or ""), kind=f"{pair.kind}-said")


def _in_an_article(pair: Pair, around: dict[str, list[str]], chance: random.Random) -> Pair:
    """At times with a sentence of the same paragraph before it, as a statement that leans on one is shown."""
    before = [words for words in around.get(pair.question, ()) if words != pair.words]
    if before and chance.random() < 0.3:
        return replace(pair, words=f"{chance.choice(before)} {pair.words}")
    return pair
