"""The parts of a question: the questions it holds, its names and phrases, and its pronouns."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from rag.mentions import (
    CAPITAL,
    IN,
    PLURAL,
    PRONOUN,
    SORTS,
    governed,
    in_place_of,
    names_in,
    owns,
    phrases_of,
    the_only_one,
)
from rag.words import content_words, fold


@dataclass(frozen=True, slots=True)
class Parts:
    """What a question asks for."""

    questions: tuple[str, ...]
    """1 to 3 questions, each of which stands alone, in the order asked."""
    comparison: str | None
    """What the articles are to be compared on ("the suicide attacks"), if that is what is asked; else None."""


def split_question(question: str) -> Parts:
    """The questions that `question` holds; itself, unchanged, if it holds one or cannot safely be taken apart.

    It is taken apart only before an own question word, and only if every part can be made to stand alone: "How far
    is Hama from Homs and Damascus?" is one question, since one sentence answers it. A comparison is one of articles
    or sources, not of the things in them.
    """
    text = " ".join(question.split())
    for pattern in _COMPARISONS:
        if match := pattern.fullmatch(text):
            return Parts((f"What do the articles say about {match['on']}?",), match["on"])
    alone: list[str] = []
    for piece in _pieces(text):
        resolved = _standing_alone(piece, alone)
        if resolved is None:
            return Parts((question,), None)
        alone.append(resolved)
    return Parts(tuple(alone) if len(alone) in (2, 3) else (question,), None)


# ------------------------------------------------------------------------------------------ several questions

AUXILIARY = r"(?:is|are|was|were|do|does|did|has|have|had|will|would|can|could|should|may|might)"
INVERTED = re.compile(
    rf"(?:(?P<wh>when|where|why|how|since when|until when) )?(?P<clause>{AUXILIARY} .+?)(?P<to> to)?\?*$",
    re.IGNORECASE,
)
_SOURCES = (
    r"(?:(?:the|these|those|your|all|both|two|three|different|news) )*"
    r"(?:articles|reports|sources|papers|newspapers|accounts|stories|outlets)"
)
_ON = r"(?:about|on|over|of|regarding|concerning|as to|in)"
_SAY = r"(?:say|report|describe|write|tell|cover|state)"
_COMPARISONS = tuple(
    re.compile(rf"(?:please )?{form} (?P<on>[^?]+?)[.?! ]*", re.IGNORECASE)
    for form in (
        rf"(?:compare|contrast) (?:what|how) {_SOURCES} {_SAY}(?: (?:about|on|of))?",
        rf"(?:compare|contrast) {_SOURCES}(?:['’]s? (?:accounts|versions|coverage|reporting))? {_ON}",
        rf"(?:what|how) do {_SOURCES} {_SAY} differently(?: {_ON})?",
        rf"(?:how |where |when |in what )?do {_SOURCES} (?:agree|differ|disagree|compare|contradict each other) {_ON}",
        rf"do {_SOURCES} say the same(?: things?)? {_ON}",
        rf"(?:what|which)(?: (?:is|are) the)? differences? (?:are there )?between {_SOURCES} {_ON}",
        rf"(?:is|are) there (?:an?y? )?(?:differences?|disagreements?|contradictions?) between {_SOURCES} {_ON}",
        rf"how does (?:the|one) (?:first )?article differ from the (?:second|other)(?: one| article)? {_ON}",
    )
)
_ASKS = r"(?:who|whom|whose|what|when|where|why|which|how|by whom|since when)"
_BARE = re.compile(r"(?P<wh>when|where|why|how|by whom|since when)\?", re.IGNORECASE)
_JOINT = re.compile(r"(?:\?+|,? and(?: also)?|;(?: and)?|,) (?=\w)", re.IGNORECASE)
_OWN_QUESTION = re.compile(
    r"(?:who|what|which|whose) \w|how (?:many|much) \w"
    rf"|(?:when|where|why|by whom|since when|how(?: \w+)?) {AUXILIARY}\b"
    rf"|(?:when|where|why|how|by whom|since when)\?*$|{AUXILIARY} (?:he|she|it|they|(?-i:[A-Z]))",
    re.IGNORECASE,
)
_WHO = re.compile(r"who (?P<does>(?P<verb>\w+) (?P<rest>.+))\?", re.IGNORECASE)
_WHO_LEADS = {"leads": "leader", "heads": "head", "commands": "commander", "founded": "founder", "owns": "owner"}


def _pieces(text: str) -> list[str]:
    """The questions of a text, each with a question word of its own; the text itself if in doubt."""
    pieces, at = [], 0
    for match in _JOINT.finditer(text):
        before, after = text[at : match.start()], text[match.end() :]
        adds = match.group() == ", " and re.match(r"who|which", after)  # "Homs, which lies south of Hama"
        if match.group()[0] == "?" or (_OWN_QUESTION.match(after) and _is_whole(before, after) and not adds):
            pieces.append(before)
            at = match.end()
    pieces = [re.sub(r"^(?:[Aa]nd|[Bb]ut|[Aa]lso) ", "", piece.strip(" ?")) for piece in [*pieces, text[at:]]]
    if not all(re.match(rf"(?:{_ASKS}|{AUXILIARY})\b", piece, re.IGNORECASE) for piece in pieces):
        return [text]
    return [f"{piece[:1].upper()}{piece[1:]}?" for piece in pieces]


def _is_whole(before: str, after: str) -> bool:
    """Whether a question is complete before the "and": it has its verb, and no clause that the "and" may go on with."""
    words = re.findall(r"[\w’'-]+", fold(before))
    again = words[:1] == [fold(after.split()[0])] and words[0] != "who" and words[1:2] != ["happened"]
    if len(words) < 2 or re.fullmatch(_ASKS, words[-1]):
        return False  # "When and where"
    if again and not re.search(rf"\b{AUXILIARY}\b", before, re.IGNORECASE):
        return False  # "Which countries and which group"
    return not re.search(rf"\w (?:{_ASKS}|that|if|whether)\b", before, re.IGNORECASE)


def _standing_alone(piece: str, before: Sequence[str]) -> str | None:
    """The question with what it takes from those before it; None if that is not plain."""
    if not before:
        return piece
    if match := _BARE.fullmatch(piece):
        return _same_with(match["wh"], before[-1])
    out, at, said = "", 0, " ".join([*before, piece])
    for match in PRONOUN.finditer(piece):
        is_subject = re.match(rf"(?:s?he|they)\b|it {AUXILIARY}\b", piece[match.start("it") :], re.IGNORECASE)
        inside = names_in(piece[: match.start()], said) and (is_subject or owns(match, piece))  # "Apple … its forecast"
        if inside or re.search(r"\b(?:is|are|was|were) there \w", piece):
            continue
        phrase = _meant_by(match, before[-1], said)
        if phrase is None:
            return None
        out += piece[at : match.start()] + in_place_of(match, phrase, piece)
        at = match.end()
    out += piece[at:]
    bare = len(content_words(out)) < 2 and not names_in(out, said)  # "and who attended?"
    return None if bare or re.search(r"\b(?:that|this|did it)\?$", piece) else out[:1].upper() + out[1:]


def _same_with(word: str, question: str) -> str | None:
    """ "and why?" after a whole question: "Who was killed?" and "where" is "Where was someone killed?"."""
    match = INVERTED.fullmatch(question)
    if match and fold(match["wh"] or "") != fold(word):
        return f"{word.capitalize()} {match['clause'][:1].lower()}{match['clause'][1:]}?"
    who = _WHO.fullmatch(question)
    if who is None:
        return None
    if re.fullmatch(AUXILIARY, who["verb"]):
        return f"{word.capitalize()} {who['verb']} someone {who['rest']}?"
    return f"{word.capitalize()} was it that someone {who['does']}?"


def _meant_by(match: re.Match[str], question: str, said: str) -> str | None:
    sort = SORTS.get(fold(match["it"]), "they")
    names = names_in(question, said)
    who = _WHO.fullmatch(question)
    if sort == "there":
        return the_only_one([name.text for name in names if re.search(rf"\b{IN} $", question[: name.start])])
    if who and sort != "it" and not any(name.kind == "person" for name in names):
        return _the_one_who(who, sort)
    if sort == "they":
        group = re.search(rf"\b{AUXILIARY} (?P<them>(?:the )?(?:[\w-]+ ){{0,2}}?{PLURAL})\b(?!['’])", question)
        pair = re.search(rf"\b{AUXILIARY} (?P<them>{CAPITAL} and {CAPITAL}) [a-z]", question)
        found = pair or group
        return found["them"] if found else None
    if sort == "it" and re.match(r"what (?:did|does|do)\b", question, re.IGNORECASE):
        return None  # what was done, or who did it
    kinds = ("person", "unknown") if sort == "he" else ("body", "place", "unknown")
    fitting = [name for name in names if name.kind in kinds]
    free = [name for name in fitting if not governed(name, question)]
    return the_only_one(phrases_of(free or fitting, question))


def _the_one_who(who: re.Match[str], sort: str) -> str | None:
    verb, rest = fold(who["verb"]), who["rest"]
    if verb in ("is", "was"):
        return rest if sort == "he" else None
    if sort == "they":
        return None if verb.endswith("s") else f"those who {who['does']}"
    return f"the {_WHO_LEADS[verb]} of {rest}" if verb in _WHO_LEADS else f"the person who {who['does']}"
