"""Whose word is it? What a party claims is not stated as a fact, nor given to another party.

A quote is read for its claims by the verbs of saying: who stands before (or behind) the verb, and which part of the
quote is what they say. Words inside quotation marks are never read for verbs. Where the rules are not sure, nothing
is claimed.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from index.split import split_sentences
from rag.days import CALENDAR_WORDS, find_days
from rag.facts import roots
from rag.words import STOPWORDS, find_names, name_stands_in


@dataclass(frozen=True, slots=True)
class Claim:
    """What a quote gives as somebody's word."""

    claimant: str
    """In the quote's words: "The insurgents", "the Observatory’s chief, Rami Abdurrahman"."""
    verb: str
    start: int
    """Characters [start, end) of the quote are what is claimed."""
    end: int


_Span = tuple[int, int]
_VERB = re.compile(
    r"\b(?P<verb>said|says?|claim(?:s|ed)?|announce[ds]|stated|argue[ds]?|insist(?:s|ed)?|alleg(?:e|es|ed)|told|tells"
    r"|warn(?:s|ed)|added|asserted|maintain(?:s|ed)|contend(?:s|ed)?|estimate[ds]|predict(?:s|ed)?|testified|wrote"
    r"|report(?:s|ed)|admit(?:s|ted)|acknowledge[ds]|confirm(?:s|ed)|declared|believes?|suggest(?:s|ed)|denie[ds]"
    r"|accus(?:es?|ed)|quoted|described|describes)\b|\b[Aa]ccording to "
)
_NEEDS_THAT = re.compile(  # these are nouns as often, or take an object that is no claim
    r"(?:claims?|reports|reported|estimate[ds]|announce[ds]|admit(?:s|ted)|acknowledge[ds]|confirm(?:s|ed)|declared"
    r"|believes?|suggest(?:s|ed)|wrote|denie[ds]|maintain(?:s|ed)|warn(?:s|ed)|added|predict(?:s|ed)?)$"
)
_NOT_SAYING = re.compile(
    r"(?:\b(?:to|not|never|cannot|is|are|was|were|be|been|being|having|the|an?|this|his|her|its|their|any|of|and|or"
    r"|could|can|might|may|must)|n['’]t)\s+(?:\w+ly )?$"
)
_SAYS_NOTHING = re.compile(
    r"\s+(?:nothing|little|no more|whether|if|how|when|where|what|why|for|against|about|of|to\b(?! \w+ that))\b"
)
_PART = re.compile(  # where the claimant's words begin, before the verb
    r"[;:()]|\b(?:after|before|when|while|because|although|though|whereas|where|if|since|as|that|but|than|yet)\b|,\s+and\b",
    re.IGNORECASE,
)
_ADVERBIAL = re.compile(
    r"\s*(?:(?:also|later|earlier|now|then|and)\b|(?:on|in|at|by|to|from|via|through|during|after|before|late|early"
    r"|ahead of|as|over)\b|(?:last|this|next)\s\w+|yesterday|today|(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day\b)",
    re.IGNORECASE,
)
_SPEAKS_ON = re.compile(  # a subject and a verb behind "said on Monday": the claim is still to come
    r"\b(?:the|an?|its|their|his|her)\s+[\w’'-]+(?:\s[\w’'-]+)?\s"
    r"(?:is|are|was|were|had|has|have|would|will|could|may|might|must|should)\b",
    re.IGNORECASE,
)
_PRONOUN_SPEAKS = re.compile(r"\b(?:it|they|he|she|we|I|there)\s\w+")
_HAS_CONTENT = re.compile(r"[^,.;]{0,60}?\s(?:that|it|they|he|she)\b")
_BEFORE = -1  # what is said stands before its speaker
_MARKS = " .!?,;:–—"
_REPORTER_AGAIN = re.compile(
    r",\s+(?:which|who|whose|where|but|although|though|while|even as|days|hours|weeks|months|a move|according)\b"
    r"|[;]|\s[–—]\s"
)
_LISTENER = re.compile(
    r"\s+(?:(?:the\s+)?(?:[A-Z][\w’'.&-]*)(?:\s+(?:of\s+(?:the\s+)?)?[A-Z][\w’'.&-]*)*"
    r"|(?:the |a |his |her |its |their )?(?:\w+ )?(?:reporters?|journalists?|lawmakers|investors|court|jury|parliament"
    r"|conference|agency|police|judges?|newspaper|magazine|broadcaster|committee|viewers|supporters|him|her|them|us|me))\b"
)
_PRONOUN = re.compile(r"(?:it|he|she|they)$", re.IGNORECASE)
_LEADING = re.compile(
    r"^\W*(?:(?:however|but|and|so|meanwhile|earlier|later|also|still|in addition|on \w+day(?: (?:morning|afternoon"
    r"|evening|night))?|yesterday|today|hours|days)\b[\s,]*)+",
    re.IGNORECASE,
)
_TRAILING = re.compile(
    r"(?:[\s,–—]+(?:has|have|had|also|later|earlier|then|now|who|which|(?!family\b|ally\b)[a-z]+ly))*[\s,–—]*$"
)
_FINITE = re.compile(
    r"\b(?:is|are|was|were|has|have|had|will|would|can|could|may|must|\w{2,}ed|left|won|lost|fell|rose|took|went|came)\b"
)
_DETERMINER = re.compile(r"(?:the|an?|its|his|her|their|our|some|many|several)\b", re.IGNORECASE)
_SUBJECT = re.compile(r"\W*(?P<name>(?:The |An? )?(?:[A-Z][\w’'.-]*\w)(?: (?:al-)?[A-Z][\w’'-]*)*)(?=\s[a-z])")


def find_claims(quote: str) -> list[Claim]:
    """The claims in `quote`, in order."""
    masked = _masked(quote)
    found: list[Claim] = []
    before = ""
    for span in split_sentences(masked):
        words = quote[span.start : span.end]
        found += _Sentence(words, masked[span.start : span.end], before).claims(span.start, found)
        before = words
    return found


def _masked(quote: str) -> str:
    """`quote` with the words inside quotation marks made one long word; not a character is moved."""

    def blank(match: re.Match[str]) -> str:
        inner, before = match.group()[1:-1], quote[: match.start()].rstrip()
        if inner.count(" ") < 2 and before and before[-1] not in ".!?":
            return match.group()  # a word or two, no speech
        last = inner[-1] if inner and inner[-1] in ",.!?" else "q"
        return "“" + "Q" + "q" * (len(inner) - 2) + last + "”" if len(inner) > 1 else match.group()

    return re.sub(r"“[^”]*”|\"[^\"]*\"", blank, quote)


@dataclass(frozen=True, slots=True)
class _Sentence:
    """One sentence of a quote, read for claims; all offsets count from its start."""

    words: str
    text: str  # the same with what stands in quotation marks masked
    before: str  # the sentence before it, for "it said"

    def claims(self, offset: int, earlier: Sequence[Claim]) -> list[Claim]:
        found: list[Claim] = []
        read = 0
        for match in _VERB.finditer(self.text):
            if match.start() < read:
                continue  # inside what somebody else claims
            parts = self._said(match) if match["verb"] else self._according(match)
            if parts is None:
                continue
            claimant = self._resolved(self.words[slice(*parts[0])], [*earlier, *found])
            start, end = self._trimmed(*parts[1])
            if claimant and end > start:
                found.append(Claim(claimant, match["verb"] or "according to", offset + start, offset + end))
                read = end
        return found

    # both give where the speaker stands and where what is said

    def _according(self, match: re.Match[str]) -> tuple[_Span, _Span] | None:
        speaker = re.compile(r"(?:[^,.;]|\.(?=\w|\s[a-z]))+").match(self.text, match.end())
        if speaker is None:
            return None
        opening = not re.search(r"\w{3}", self.text[: match.start()])
        return speaker.span(), (speaker.end() + 1, len(self.text)) if opening else (0, match.start())

    def _said(self, match: re.Match[str]) -> tuple[_Span, _Span] | None:
        verb, pre, tail = match["verb"], self.text[: match.start()], self.text[match.end() :]
        if _NOT_SAYING.search(pre) or _SAYS_NOTHING.match(tail):
            return None
        if spoken := re.search(r"“Qq*[,.!?]”(?=[^“”]*$)", pre):
            speaker = _speaker_behind(verb, tail) if verb == "quoted" or not pre[spoken.end() :].strip() else None
            place = (match.end() + speaker[0], match.end() + speaker[1]) if speaker else _claimant(pre, spoken.end())
            return (place, spoken.span()) if place else None
        place, at = _claimant(pre, 0), _content_at(verb, tail)
        if place is None or at is None or verb == "quoted":
            return None
        if at == _BEFORE:
            return (place, (0, place[0])) if len(pre[: place[0]].split()) >= 3 else None
        ends = _content_end(tail, at, relative=bool(re.search(r",\s+(?:who|which)\s+(?:\w+ )?$", pre)))
        return place, (match.end() + at, match.end() + ends)

    def _resolved(self, claimant: str, known: Sequence[Claim]) -> str | None:
        """`claimant`, or for "it" the speaker before it or the subject of the sentence before."""
        claimant = claimant.strip(" ,–—“”\"'#*(")
        if not _PRONOUN.match(claimant):
            return claimant if claimant.lower() not in ("i", "we", "you", "one", "people", "some", "") else None
        subject = _SUBJECT.match(self.before)
        return known[-1].claimant if known else subject["name"] if subject else None

    def _trimmed(self, start: int, end: int) -> _Span:
        """Without white space, the closing mark, and quotation marks around the whole."""
        piece = self.text[start:end]
        end -= len(piece) - len(piece.rstrip(_MARKS))
        start += len(piece) - len(piece.lstrip(_MARKS))
        if re.fullmatch(r"“[^“”]*”?|\"[^\"]*", self.text[start:end]):
            return self._trimmed(start + 1, end - self.text[start:end].endswith("”"))
        return start, end


def _speaker_behind(verb: str, tail: str) -> _Span | None:
    """The speaker of “…,” said Ida Berg, a geologist; of “…,” the channel quoted a commander as saying."""
    if verb == "quoted":
        found = re.match(r"\s+(.+?)(?=\s+as saying|[.]?$)", tail)
    else:
        found = re.match(r"\s+([^,.;]+?)(?=[,.;]|\s+(?:on|in|at|after|before|who|told|during|about|when|as)\b|$)", tail)
    return found.span(1) if found else None


def _content_at(verb: str, tail: str) -> int | None:
    """Where in `tail`, the words behind `verb`, what is said begins; _BEFORE if it stands before the speaker."""
    offset = 0
    if verb.startswith(("accus", "describ")):
        return 1 if (" of " if verb.startswith("accus") else " as ") in tail else None
    if verb in ("told", "tells"):
        if not (listener := _LISTENER.match(tail)):
            return None
        offset = listener.end()
    elif (_NEEDS_THAT.match(verb) and not _HAS_CONTENT.match(tail)) or not (verb[:2] == "sa" or _FINITE.search(tail)):
        return None
    rest = tail[offset:]
    if not re.search(r"\w", rest) or re.match(r"\s*,(?!\s*“)", rest):
        return _BEFORE
    if not (_ADVERBIAL.match(rest) or re.match(r"\s+that\b", rest)):
        return offset + 1
    found = re.match(r"[^,;]{0,120}?\bthat\s()", rest) or re.search(_PRONOUN_SPEAKS, rest) or _SPEAKS_ON.search(rest)
    return offset + found.start(found.lastindex or 0) if found else _BEFORE


def _content_end(tail: str, start: int, *, relative: bool) -> int:
    """Where what is said ends: with the sentence, or where the reporter's own voice comes back."""
    said = tail[start:]
    again = re.search(",", said) if relative else _REPORTER_AGAIN.search(said)
    if again and again.group().strip() in ("–", "—") and len(re.findall(r"\s[–—]\s", said)) > 1:
        return len(tail)  # an aside between two dashes
    return start + again.start() if again else len(tail)


def _claimant(pre: str, floor: int) -> _Span | None:
    """Where in `pre`, the words before a verb, its subject stands; nothing before `floor` belongs to it."""
    trailing = _TRAILING.search(pre)
    end = trailing.start() if trailing else len(pre)
    aside = re.search(r"[,–—]”?\s*$", pre) is not None
    part = max((match.end() for match in _PART.finditer(pre, floor, end)), default=floor)
    spans = [match.span() for match in re.compile(r"[^,–—]*\w[^,–—]*").finditer(pre, part, end)]
    if not spans:
        return None
    start, end = spans[-1]
    if len(spans) > 1:
        name, ahead = pre[start:end].strip(), pre[slice(*spans[-2])].strip()
        title = _DETERMINER.match(ahead) and len(ahead.split()) <= 6 and not _FINITE.search(ahead)
        if title and name[0].isupper() and not _DETERMINER.match(name):
            start = spans[-2][0]  # "the Observatory’s chief, Rami Abdurrahman"
        elif aside:
            start, end = spans[-2]  # "the Observatory, a war monitor, said"
    if re.search(r"\bwho\s+(?:\w+\s+)?$", pre) and (run := re.search(r"(?:[A-Z][\w.’'-]*\s?)+$", pre[start:end])):
        start += run.start()
    return _without_adverbs(pre, start, end)


def _without_adverbs(pre: str, start: int, end: int) -> _Span | None:
    """The subject alone of "However, on Monday the firm"; None if there is none, or more than a subject."""
    if leading := _LEADING.match(pre[start:end]):
        start += leading.end()
    start += len(pre[start:end]) - len(pre[start:end].lstrip())
    if _ADVERBIAL.match(pre[start:end]):
        nouns = [match.start() for match in re.finditer(r"\b(?:the|an?|its|their)\s", pre[start:end])]
        if len(nouns) < 1 + bool(re.match(r"\w+ (?:the|an?|its|their)\s", pre[start:end])):
            return None
        start += nouns[-1]
    words = pre[start:end]
    clause = re.search(r"\b(?:is|are|was|were|has|had|will|would)\b|^(?i:you|i|we|it|they|he|she|there)\s+\w", words)
    return None if not words.strip() or clause or len(words.split()) > 14 else (start, end)


# ------------------------------------------------------------------------------------------- what to say of it

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
        if not actual or _share(matter, _reported(quote, claims)) > 0.5 or _PRONOUN.match(said.claimant):
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
