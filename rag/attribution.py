"""Whose word is it? What a party claims is not stated as a fact, nor given to another party.

Where the rules are not sure, a sentence stays as it is and nothing is held against it. The claims of a quote are read
in `rag.claims`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from rag.claims import PRONOUN, Claim, find_claims
from rag.days import CALENDAR_WORDS, find_days
from rag.facts import roots
from rag.words import STOPWORDS, find_names, name_stands_in

_SAYING = (
    r"(?:said|says?|saying|claim\w*|announc\w+|argu\w+|insist\w*|alleg\w+|tells?|told|warn\w*|report(?:s|ed)?|admit\w*"
    r"|accus\w+|den(?:y|ied|ies)|describ\w+|quoted?|confirm\w*|stated|stating|acknowledg\w+)"
)
_ATTRIBUTED = re.compile(
    rf"\b(?:according to|own account|in the words of|reportedly|allegedly|{_SAYING})\b", re.IGNORECASE
)
_ASKS_WHO = re.compile(
    rf"\bwho(?:m|se)?\b.*\b(?:{_SAYING}|words)\b|\baccording to (?:who|which|what)"
    rf"|\bwhich\s[\w’' -]{{1,40}}?\s{_SAYING}\b",
    re.IGNORECASE,
)
_PLURALS = frozenset(
    """police insurgents rebels officials prosecutors scientists researchers doctors witnesses lawyers residents workers
    experts analysts critics authorities activists campaigners protesters fighters troops soldiers investigators
    regulators judges officers engineers astronomers economists farmers teachers lawmakers senators militants medics
    rescuers relatives sources supporters opponents""".split()
)
_CAMPS = [
    ("army military troops government regime", "insurgents rebels opposition fighters gunmen militants"),
    ("prosecutor prosecution", "defence defense defendant"),
    ("police", "protesters demonstrators suspect"),
    ("union workers strikers", "company management employer firm"),
]


def attributed(sentence: str, quote: str, question: str) -> str:
    """`sentence`, with its claimant in front if `quote` gives it as somebody's word: "According to the army, …".

    It stays as it is when it says so already, when the quote says it in the reporter's own voice, and when the
    question asks who said it or names the speaker.
    """
    if _ATTRIBUTED.search(sentence) or _ASKS_WHO.search(question):
        return sentence
    claims = find_claims(quote)
    claim = _source(_matter(sentence, question, claims), quote, claims)
    if claim is None or _names_speaker(question, claim):
        return sentence
    claimant, said = frozenset(roots(claim.claimant)), roots(sentence)
    if not said or claimant.issuperset(said):
        return sentence  # the speaker is the whole answer
    rest = _in_mid_sentence(sentence, f"{quote} {question}")
    if said[0] in claimant and not re.match(r"(?:\w+ ){0,4}?[\w-]+(?:['’]s|s['’])\s", sentence):
        return f"By {_own(claim, quote)} own account, {rest}"
    return f"According to {_in_mid_sentence(claim.claimant, quote)}, {rest}"


def wrong_speaker(sentence: str, quote: str) -> str | None:
    """Why the speaker that `sentence` names is not the one `quote` has for it; None where either is unclear."""
    claims = find_claims(quote)
    for said in find_claims(sentence):
        matter = frozenset(roots(sentence[said.start : said.end]))
        actual = [claim for claim in claims if _share(matter, quote[claim.start : claim.end]) > 0.5]
        if not actual or _share(matter, _reported(quote, claims)) > 0.5 or PRONOUN.match(said.claimant):
            continue
        if all(_differ(said.claimant, claim.claimant) for claim in actual):
            return f"the quote is {_whose(actual[0].claimant, quote)}, not {_whose(said.claimant, quote)}"
    return None


def _matter(sentence: str, question: str, claims: Sequence[Claim]) -> frozenset[str]:
    """What the sentence says beyond the question; of a bare date, what the question asks the date of."""
    for day in find_days(sentence, None)[::-1]:
        sentence = sentence[: day.start] + sentence[day.end :]
    days = {word for name in CALENDAR_WORDS for word in roots(name)}
    speakers = {word for claim in claims for word in roots(claim.claimant)}
    said, asked = (frozenset(roots(text)) - days - speakers for text in (sentence, question))
    return said - asked or said | asked - {"date", "day", "year", "month"}


def _source(matter: frozenset[str], quote: str, claims: Sequence[Claim]) -> Claim | None:
    """The claim that has most of `matter`, unless the reporter says as much of it."""
    best = max(claims, key=lambda claim: _share(matter, quote[claim.start : claim.end]), default=None)
    if best is None or not matter:
        return None
    share = _share(matter, quote[best.start : best.end])
    return best if share > 0.5 and share > _share(matter, _reported(quote, claims)) else None


def _share(matter: frozenset[str], text: str) -> float:
    return len(matter.intersection(roots(text))) / len(matter) if matter else 0.0


def _reported(quote: str, claims: Sequence[Claim]) -> str:
    """`quote` without its claims: what the reporter says."""
    for claim in sorted(claims, key=lambda claim: -claim.start):
        quote = f"{quote[: claim.start]} {quote[claim.end :]}"
    return quote


def _names_speaker(question: str, claim: Claim) -> bool:
    if not re.search(rf"\b(?:{_SAYING}|according to|words of)\b", question, re.IGNORECASE):
        return False
    asked, speaker = frozenset(roots(question)), frozenset(roots(claim.claimant))
    sides = [frozenset(roots(side)) for camps in _CAMPS for side in camps]
    return bool(asked & speaker) or any(asked & side and speaker & side for side in sides)


def _own(claim: Claim, quote: str) -> str:
    """its, their, his or her: as the quote has it, else by the claimant's form."""
    first = quote[claim.start : claim.end].split()[0].lower()
    plural = claim.claimant.split()[-1].lower() in _PLURALS or re.search(r"[^s]s$", claim.claimant)
    return {"it": "its", "they": "their", "he": "his", "she": "her"}.get(first, "their" if plural else "its")


def _in_mid_sentence(words: str, context: str) -> str:
    """`words` with a small first letter, unless the first word is a name."""
    first = re.match(r"[\w’'-]+", words)
    if first is None or re.match(r"I\b|[A-Z]{2}|\w+[A-Z]|(?!The |An? |In |On |At )\w+ [A-Z]", words):
        return words
    word = first.group().lower()
    if re.search(rf"(?<=\w )(?-i:{re.escape(first.group())})\b", context) and word not in STOPWORDS:
        return words  # capitalised in the middle of a sentence too
    common = word in STOPWORDS or word in _PLURALS or re.search(rf"\b{re.escape(word)}\b", context)
    return words[0].lower() + words[1:] if common or re.match(r"\w+[^\Wsuai]s [a-z]", words) else words


def _differ(one: str, two: str) -> bool:
    """Whether two speakers are clearly not the same: opponents, or two names, with no word in common."""
    words, others = frozenset(roots(one)), frozenset(roots(two))
    if words & others:
        return False
    for camps in _CAMPS:
        near, far = (frozenset(roots(camp)) for camp in camps)
        if (words & near and others & far) or (words & far and others & near):
            return True
    if not all(text.split()[-1][:1].isupper() and text.lower() not in _PLURALS for text in (one, two)):
        return False  # "HTS’s leader" may be anybody
    return not any(
        name_stands_in(name, b, loosely=True) for a, b in ((one, two), (two, one)) for name in find_names(f"by {a}")
    )


def _whose(claimant: str, quote: str) -> str:
    name = claimant.rsplit(", ", 1)[-1]
    name = _in_mid_sentence(name if name[:1].isupper() else claimant, quote)
    return f"{name}’" if name.endswith("s") else f"{name}’s"
