"""What stands around a weekday: whether it is a plain one, and whether its clause tells what was or what will be.

"On Thursday" has a date. "Monday week", "the Monday before Christmas", "every Friday" and "the Sunday Times" have
another one or none, and there is no end to such words. So the plain frames are listed, not what changes a day.
"""

from __future__ import annotations

import re
from typing import Literal

from rag.words import STOPWORDS

_UNIT = r"(?:day|night|morning|afternoon|evening|week|weekend|fortnight|month|year|season|term|quarter)s?"
_COUNT = r"(?:\d+|an?|two|three|four|five|six|seven|eight|nine|ten|several|few|couple|last|next|this|that|every|each)"
_ORDINAL = (
    r"(?:\d+(?:st|nd|rd|th)|(?:\w+y-)?(?:first|second|third|fourth|(?:fif|six|seven|eigh|nin|ten|eleven|twelf)th)"
    r"|\w+teenth|(?:twent|thirt)ieth|last|next)"
)
_NAMED = (
    r"(?:(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)days?|spring|summer|autumn|winter|January|February|March|April|May|June"
    r"|July|August|September|October|November|December|(?:Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)\.)"
)
_SMALL = r"(?:the|of|in|to|until|through|from|and|or|on)"
# after the weekday: "week", "the 13th", "of last month", ", 5 December", "two weeks ago", "to Friday", "before Easter."
_CHANGED_BEHIND = re.compile(
    rf"(?!\s+and\s+(?:on\s+)?{_NAMED}),?[\s-]+(?:(?:{_SMALL}|{_COUNT}|other|holy)\s+)*(?:{_UNIT}|{_ORDINAL}|{_NAMED})\b"
    rf"|\s*[-–—/]\s*{_NAMED}\b|\s+of\b|\s*\(\d|,?\s+(?:the\s+)?\d+(?:\s+[A-Z]|\W*$|[.,;)](?!\d))|,?(?:\s+[\w-]+){{1,4}}\s+ago\b"
    rf"|\s+(?:before|after)\s+(?:the\s+)?(?:{_ORDINAL}|{_NAMED})\b"
    r"|\s+(?:before|after|over|at)\s+(?-i:[A-Z]\w+(?:\s[A-Z]\w+)*)(?:[.,;!?]|$)",
    re.IGNORECASE,
)
# before it: "a week on", "the day before"
_CHANGED_BEFORE = re.compile(
    rf"\b(?:{_UNIT}|ago)\s+(?:(?:{_SMALL}|before|after|since|late|early|later|earlier|last|next|this)\s+)*$",
    re.IGNORECASE,
)
_CAPITALISED_BEFORE = re.compile(r"\b(?P<word>[A-Z][\w’']*)\s+$")
_POSSESSIVE = re.compile(r"['’]s?\b")

_ADVERB = r"(?:(?:also|late|early|later|earlier|only)\s+)?"
_OPENS = re.compile(
    rf"(?:^|[.!?;:,(\[“”\"‘—–|\n]\s*|\s-\s)(?:(?:and|but)\s+)?{_ADVERB}(?P<on>on\s+)?{_ADVERB}$", re.IGNORECASE
)
_ON = re.compile(rf"(?:\b(?:on|since)\s+{_ADVERB}|\s(?:late|early|later|earlier)\s+)$", re.IGNORECASE)
_TOWARDS = re.compile(rf"\b(?:as of|until|till|by|from|before|after|for|to|through|and|or)\s+{_ADVERB}$", re.IGNORECASE)
_BARE = re.compile(r"(?<![\w’'-])(?P<second>[\w’'-]+)\s+(?P<first>[a-z]+)\s+$")
_IN_PLACE = re.compile(r"\bin [A-Z]\w+\s+$")  # agencies write "killed in Hama Thursday"
_BEGINS_NOUN = frozenset("a an the this that one every each any some another its his her their our my your on".split())
_NOT_BEFORE = (
    STOPWORDS | _BEGINS_NOUN | frozenset("two three four five first second third fourth fifth last next".split())
) - {"later", "earlier"}
_NEXT_WORD = re.compile(r"\s+(?P<word>[\w’'-]+)")
_PUNCTUATION = re.compile(r"\s*(?:$|[.,;:!?()\[\]“”\"|\n])|[’'](?!\w)|\s+[—–-]\s|—")

_PAST = (
    r"was(?! to\b)|were(?! to\b)|had|did|came|went|took|gave|made|got|became|saw|seen|heard|left|held|met|won|lost|fell"
    r"|rose|broke|broken|began|ran|led|sent|built|bought|brought|fought|caught|struck|shot|fled|stole|sank|drove|flew"
    r"|grew|threw|found|stood|sat|lay|paid|sold|kept|spent|wrote|written|withdrew|drew|blew|tore|beat|hit|shut|cut|put"
    r"|spoke|felt|split|quit|burst|spread|swore|sworn|chose|froze|slid|hung|swept|crept|taken|given|stolen|happened"
)
# verbs whose own day is past, though what they are about may be to come: "said the trial starts on Monday"
_POINTING = (
    r"said|told|due|set|meant|(?:announc|confirm|report|add|warn|stat|claim|insist|promis|agre|decid|plann|order"
    r"|call|schedul|vow|pledg|expect|hop|propos|suppos|want|need|ask|invit|postpon|delay|book|urg|advis|predict|demand"
    r"|declar|threaten|prepar|intend|arrang|approv|allow|forecast)ed"
)
_TOKEN = re.compile(
    r"(?P<ahead>(?<!was )(?<!were )(?<!been )\b(?:will|shall|(?:expected|scheduled|set|going|due) to|due(?= on)"
    r"|upcoming|planned for)\b(?: (?:not|also|have))*(?: be\b)?(?: [a-z]+ed\b)?)"
    r"|(?P<participle>\b(?:is|are|be|being|the|an?|its|his|her|their|our|of|by|with|for)(?: [a-z]+ly| not)? [a-z-]+ed\b"
    r"|\b[a-z]+ed (?:of|with|by)\b)"  # "the banker accused of fraud appears"
    rf"|(?P<pointing>\b(?:{_POINTING})\b)|(?P<unsure>\b(?:would|could|should|may|might|must|can|if|unless"
    # "the court that convicted him sits", "refused to appear"; not "taken to hospital"
    rf"|(?:who|which|that)(?= (?:{_PAST}|[a-z]+ed)\b)"
    r"|to (?!(?:the|an?|h[ie][sr]|its|their|hospital|prison|jail|court)\b)[a-z]+)\b)"
    rf"|(?P<past>\b(?:{_PAST}|(?<=[\w,] )(?!hundred\b)[a-z]+[^\We]ed|agreed|freed)\b)"
    r"|(?P<break>[,;:—–“”\"]|[.!?](?=\s)|\b(?:and|but|or|who|whom|which|that|when|where|while|how|why|whether|after|before"
    r"|because|as|since|though|although|despite)\b)"
)
_OWN_DAY = re.compile(  # of "said": "said Friday", "told reporters on Friday", "said in a statement late on Friday"
    r"(?: reporters| journalists| [A-Z]\w+)?(?: (?:in|at) an? (?:[\w-]+ ){0,2}[\w-]+)?"
    rf"\s+{_ADVERB}(?:on\s+)?{_ADVERB}$"
)
_REACH = 240


def is_changed(text: str, day: re.Match[str]) -> bool:
    """Whether words of the calendar beside a day ("week", "the 13th", "the day before …") make it another, or a name
    of which it is a part."""
    before = text[max(0, day.start() - _REACH) : day.start()]
    behind = text[day.end() : day.end() + _REACH]
    name = _CAPITALISED_BEFORE.search(before) if day.group()[0].isupper() and not _IN_PLACE.search(before) else None
    part_of_name = name and name["word"].lower() not in STOPWORDS | {"since", "late", "early", "later", "earlier"}
    return bool(part_of_name or _CHANGED_BEFORE.search(before) or _CHANGED_BEHIND.match(behind))


def is_plain(text: str, day: re.Match[str], *, named: bool = False) -> bool:
    """Whether a weekday stands in a frame that leaves it what it is: "on Thursday", "late Thursday", "said Thursday".

    `named`: it has "last" or "next" with it, and needs no preposition.
    """
    if is_changed(text, day):
        return False
    before = text[max(0, day.start() - _REACH) : day.start()]
    behind = text[day.end() : day.end() + _REACH]
    opens, bare = _OPENS.search(before), _BARE.search(before)
    if named:
        return not re.search(rf"\b(?:{_COUNT}|the)\s+$", before, re.IGNORECASE)
    if _POSSESSIVE.match(behind):
        return True
    framed = opens or _ON.search(before) or _TOWARDS.search(before) or _IN_PLACE.search(before)
    if not framed and not (
        bare and bare["first"] not in _NOT_BEFORE and bare["second"].lower() not in _BEGINS_NOUN | {"of"}
    ):
        return False
    word = _NEXT_WORD.match(behind)
    return bool(
        _PUNCTUATION.match(behind)
        or (word and (word["word"].lower() in STOPWORDS or (opens and opens["on"])))
        or (word and re.fullmatch(rf"{_PAST}|{_POINTING}|[a-z]+(?:ed|ing)", word["word"]))
    )


def tense_of(text: str, day: re.Match[str]) -> Literal["past", "ahead"] | None:
    """Which way the clause of a weekday looks; None where it does not show: "the trial starts on Monday"."""
    before = text[max(0, day.start() - _REACH) : day.start()]
    behind = text[day.end() : day.end() + _REACH]
    if _POSSESSIVE.match(behind):
        return None
    if re.search(r"\bsince\s+$", before):
        return "past"
    opens = _OPENS.search(before)
    if opens and (clause := _reading(re.sub(r"^\s*,", "", behind), own=True)):
        return clause
    if _TOWARDS.search(before):
        return None
    if found := _reading(before, speech=behind.startswith(" that ")):  # "claimed on their channel on Thursday that"
        return found
    # "the announcement on Thursday came"
    return "past" if re.match(rf"\s+(?:{_PAST}|{_POINTING}|[a-z]+[^\We]ed)\b", behind) else None


def _reading(clause: str, *, own: bool = False, speech: bool = False) -> Literal["past", "ahead"] | None:
    """The one tense of the last part of `clause`, up to the weekday; of its first part if it is the day's `own`."""
    found: set[str] = set()
    for token in _TOKEN.finditer(f" {clause}"):
        kind = token.lastgroup or ""
        if kind == "pointing" and (own or speech or _OWN_DAY.match(f" {clause}", token.end())):
            kind = "past"
        if kind in ("break", "pointing"):
            if own:
                break
            found.clear()
        elif kind != "participle":
            found.add(kind)
    return "past" if found == {"past"} else "ahead" if found == {"ahead"} else None
