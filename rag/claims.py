"""Who says what in a quote: its claims, read by the verbs of saying.

A claim is what stands before (or behind) such a verb as the speaker, and the part of the quote that is what they say.
Words inside quotation marks are never read for verbs. Where the rules are not sure, nothing is claimed.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from index.split import split_sentences


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
    r"|accus(?:es?|ed)|blame[ds]?|quoted|described|describes"
    r"|accusing|blaming|saying|claiming|alleging|adding|arguing|insisting|warning|stating)\b|\b[Aa]ccording to "
)
_PARTICIPLE = re.compile(  # "…, accusing the rebels of", "…, adding that": the main clause's subject speaks on
    r"(?:accusing\b(?=[^.;]*\sof\s)|blaming\b(?=[^.;]*\s(?:for|on)\s)|alleging\b"
    r"|(?:saying|claiming|adding|arguing|insisting|warning|stating)(?=\s+(?:that|it|they|he|she|we)\b|:)"
    r"|saying\b(?=\s+(?:the|its|their|his|her)\b))"
)
_SPEAKS_MORE = re.compile(rf",”?\s+(?:(?:also|while|\w+ly)\s+)?(?={_PARTICIPLE.pattern})")
_BEFORE_PARTICIPLE = re.compile(r"(?:,”?|\b(?:while|before))\s+(?:(?:also|while|\w+ly)\s+)?$")
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
    r"|conference|agency|police|judges?|newspaper|magazine|broadcaster|committee|viewers|supporters|him|her|them|us|me)"
    r"|(?:the |its |his |her |their )?[\w’'-]+(?=\s+that\s))\b"
)
PRONOUN = re.compile(r"(?:it|he|she|they)$", re.IGNORECASE)
_LEADING = re.compile(
    r"^\W*(?:(?:however|but|and|so|meanwhile|earlier|later|also|still|in addition|on \w+day(?: (?:morning|afternoon"
    r"|evening|night))?|yesterday|today|hours|days)\b[\s,]*)+",
    re.IGNORECASE,
)
_TRAILING = re.compile(
    r"(?:[\s,–—]+(?:has|have|had|also|later|earlier|then|now|who|which|(?!family\b|ally\b)[a-z]+ly))*[\s,–—]*$"
)
_NAME_AT_END = re.compile(r"[A-Z][\w.’'-]*+(?:\s[A-Z][\w.’'-]*+)*\s?$")
_FINITE = re.compile(
    r"\b(?:is|are|was|were|has|have|had|will|would|can|could|may|must|\w{2,}ed|left|won|lost|fell|rose|took|went|came)\b"
)
_DETERMINER = re.compile(r"(?:the|an?|its|his|her|their|our|some|many|several)\b", re.IGNORECASE)
_NO_SUBJECT = re.compile(  # pronouns, and words that begin something else than a subject
    r"(?:it|they|he|she|we|i|you|there|this|these|that|those|one|who|what|which|nothing|everything"
    r"|another|others?|someone|anyone|nobody|if|when|while|after|before|since|because|although|though|as|whether"
    r"|how|where|why|to|in|on|at|by|for|from|with|during|under|over|about|not|and|but|or|also|then|now|so|of|let|no)$",
    re.IGNORECASE,
)
_POSSESSIVE = re.compile(r"(?:its|their|his|her|our|my|your)$", re.IGNORECASE)
_WORD = re.compile(r"[\w$€£%](?:[\w’'./$€£%-]*[\w%])?|[,;:–—()“”\"]")
_BEHIND_SUBJECT = frozenset(
    """is are was were be been has have had will would can could may might must shall should do does did cannot left
    won lost fell rose took went came cut quit hit put sold bought paid fought held kept led met sent built spent
    caught brought struck wrote spoke broke chose grew flew began ran beat drove shot fled stole sank threw found stood
    made gave got said says told knew saw became withdrew now already still also never not who which that where when
    whose after before because while if to in on at by from with during under over into against than as""".split()
)
_ENDS_AS_VERB = re.compile(r"[a-z]{2,}(?:ed|ly|ing|n['’]t)$")
_NO_VERBS = frozenset("family ally assembly supply bed seed breed building king ring wing spring evening".split())
_LINKS = frozenset("of for and or the a an".split())
_COUNTS = frozenset("two three four five six seven eight nine ten several many some most few all both more".split())
_ARTICLES = frozenset("the a an its their his her this these those".split())


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


def own_subject(clause: str) -> str | None:
    """The noun phrase that `clause` begins with, up to its verb; None for a pronoun, or where there may be none."""
    words = [(match.group(), match.end()) for match in _WORD.finditer(clause)]
    begin = re.search(r"\w", clause)
    if begin is None or not words or _NO_SUBJECT.match(words[0][0]):
        return None
    plain = [word for word, _ in words]
    end = next((at for at in range(1, len(plain)) if _ends_subject(plain, at)), len(plain))
    while end and plain[end - 1] in _LINKS:
        end -= 1
    if not end or any(_POSSESSIVE.match(word) for word in plain[:end]):
        return None
    return clause[begin.start() : words[end - 1][1]]


def _ends_subject(words: Sequence[str], at: int) -> bool:
    """Whether the word at `at` is a verb or a mark, or begins what else stands behind a subject."""
    word, before, following = words[at], words[at - 1].lower(), "".join(words[at + 1 : at + 2])
    if not re.match(r"[\w$€£]", word):
        return True
    if before in _LINKS or before in _COUNTS or before[0].isdigit():
        return False  # "the wounded soldier"
    if word == "of" and following.endswith("ing"):
        return True  # "insurgents of relying on"
    if word in _BEHIND_SUBJECT or (word not in _NO_VERBS and _ENDS_AS_VERB.match(word)):
        return True
    return word.islower() and word not in _LINKS and following in _ARTICLES  # "gunmen control the base"


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
            more = (match["verb"] or "").endswith("ing")
            said = self._speaks_more(match) if more else self._said(match) if match["verb"] else self._according(match)
            if said is None:
                continue
            speaker, content = said
            known = [*earlier, *found]
            claimant = found[-1].claimant if more and found else self._resolved(self.words[slice(*speaker)], known)
            start, end = self._trimmed(*content)
            if claimant and end > start:
                found.append(Claim(claimant, match["verb"] or "according to", offset + start, offset + end))
                read = end
        return found

    # each of the next three gives where the speaker stands and where what is said

    def _speaks_more(self, match: re.Match[str]) -> tuple[_Span, _Span] | None:
        if not (_PARTICIPLE.match(self.text, match.start()) and _BEFORE_PARTICIPLE.search(self.text[: match.start()])):
            return None
        leading = _LEADING.match(self.text)
        start = leading.end() if leading else 0
        pronoun = re.match(r"(?:it|he|she|they)\b", self.text[start:], re.IGNORECASE)
        subject = pronoun.group() if pronoun else own_subject(self.text[start:]) or ""
        start = self.text.find(subject, start)
        that = re.compile(r":?\s+(?:that\s)?\s*").match(self.text, match.end())
        begins = that.end() if that else match.end()
        tail = self.text[match.end() :]
        ends = match.end() + _content_end(tail, begins - match.end(), relative=False)
        return (start, start + len(subject)), (begins, ends)

    def _according(self, match: re.Match[str]) -> tuple[_Span, _Span] | None:
        speaker = re.compile(r"(?:[^,.;]|\.(?=\w|\s[a-z]))+").match(self.text, match.end())
        if speaker is None:
            return None
        opening = not re.search(r"\w{3}", self.text[: match.start()])
        return speaker.span(), (speaker.end() + 1, len(self.text)) if opening else (0, match.start())

    def _said(self, match: re.Match[str]) -> tuple[_Span, _Span] | None:
        verb, pre, tail = match["verb"], self.text[: match.start()], self.text[match.end() :]
        if more := _SPEAKS_MORE.search(tail):
            tail = tail[: more.start()]
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
        if not PRONOUN.match(claimant):
            return claimant if claimant.lower() not in ("i", "we", "you", "one", "people", "some", "") else None
        if known:
            return known[-1].claimant
        leading = _LEADING.match(self.before)
        return own_subject(self.before[leading.end() if leading else 0 :])

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
    if verb.startswith(("accus", "blame", "describ")):
        link = {"a": r"\sof\s", "b": r"\s(?:for|on)\s", "d": r"\sas\s"}[verb[0]]
        return 1 if re.search(link, tail) else None
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
    if re.search(r"\bwho\s+(?:\w+\s+)?$", pre) and (run := _NAME_AT_END.search(pre[start:end])):
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
