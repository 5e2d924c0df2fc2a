"""Does a text say that the sources do not answer? One reading for every system, whatever words it refuses in.

A text is a refusal if its first statement is one and no later statement answers all the same. Statements are
sentences, and the parts that ";", "but", "however" or "although" make of one. Later ones may repeat the
refusal, tell what the sources do say ("they only say …") or give advice; anything else is an answer.

A refusal is about the sources or about whoever answers: "the articles do not say", "I cannot find", "not
stated". "The army did not say how many died" is about the army: it is an answer.
"""

from __future__ import annotations

import re
from functools import lru_cache

from evals.normal import plain


def _any(*alternatives: str) -> str:
    return f"(?:{'|'.join(alternatives)})"


_GIVEN = "provided|given|available|retrieved|above|supplied|uploaded|following|cited|numbered|relevant"
_FREE_NOUN = (
    "(?:sources?|(?:news )?articles?|passages?|context|documents?|texts?|excerpts?|snippets?|paragraphs?|information"
    "|search results)"
)
_OTHER_NOUN = "(?:evidence|results|materials?|content|statements|quotes|data|corpus|database|news|facts)"
"""Also things in the news: only "the provided evidence" is surely a source."""
_DETERMINER = f"(?:the|these|this|those|any|either|both|your|all|of|{_GIVEN}|news|context|source|article|first|second)"
_TRAILING = (
    f"(?:{_GIVEN}|here|themselves|itself|found|shared|you|have|has|been|i|in|from|of|for|to|me|were|was|that|which|and"
    r"|or|\d+|the|this|these|context|information|sources?|articles?|passages?|documents?|texts?|question|search)"
)
_SOURCE = _any(
    f"(?:{_DETERMINER} ){{0,6}}{_FREE_NOUN}(?: {_TRAILING}){{0,12}}",
    f"(?:{_DETERMINER} ){{0,6}}(?:{_GIVEN}) {_OTHER_NOUN}(?: {_TRAILING}){{0,12}}",
    f"(?:{_DETERMINER} ){{0,6}}{_OTHER_NOUN} (?:{_GIVEN})(?: {_TRAILING}){{0,12}}",
)
_HOW = (
    "(?:(?:explicitly|directly|specifically|clearly|actually|currently|exactly|fully|really|even|also|yet|seem to"
    "|appear to|necessarily) )*"
)
_TELL = (
    "(?:says?|states?|mentions?|provides?|contains?|specif(?:y|ies)|gives?|includes?|indicates?|answers?"
    "|address(?:es)?|tells?|reveals?|discuss(?:es)?|explains?|describes?|identif(?:y|ies)|names?|offers?|report|ha(?:ve|s)"
    "|covers?|disclose|refer|clarify|shows?|make|lists?|confirm|cite|define|detail|note|supply|talk|elaborate|suggest)"
)
_TOLD = (
    "(?:stated|mentioned|specified|provided|given|answered|addressed|available|included|indicated|discussed|found"
    "|disclosed|reported|named|described|identified|contained|covered|listed|clear|known|explained|present|detailed"
    "|said|determined|defined)"
)
_INFORMATION = r"(?:\w+(?:,? (?:or )?\w+)? )?(?:information|mention|details?|answers?|data)"
_KNOWLEDGE = rf"(?:{_INFORMATION}|(?:\w+ )?(?:indication|evidence|reference|record|context|statements?|facts?))"
_END = r"\W*$"
_SUBJECT = r"[^.;]{1,120}?"

_PREAMBLE = (
    _any(
        "(?:yes|no|well|unfortunately|regrettably|however|but|and|so|therefore|thus|also|(?:even )?though|although"
        "|while)[,.:]? ",
        "(?:i am )?(?:really |very )?(?:my )?(?:sorry|afraid|apologies)[,.]? |i apologi[sz]e[^,.]{0,100},? ",
        r"as an? (?:\w+ )?(?:ai|language|assistant)[^,]{0,100}, ",
        "(?:it (?:seems|appears)|it is important to note|please note|note|i (?:must|should) (?:say|note)) that ",
        "(?:based (?:up)?on|according to|from|in|within|given|as per|per|looking at|after (?:reading|reviewing))"
        f"(?:,? (?:only|solely|just))? {_SOURCE}(?:[^,.]{{0,60}},|,)? ",
    )
    + "{0,3}"
)
_THE_SOURCES_DO_NOT_SAY = (
    f"{_SOURCE},? (?:do|does) not(?: {_HOW}{_TELL}\\b|{_END})",
    f"{_DETERMINER} {_SOURCE},? did not {_HOW}{_TELL}\\b",
    f"{_SOURCE},? (?:is|are) (?:silent|insufficient|not (?:sufficient|enough|relevant))",
    f"{_SOURCE},? (?:lacks?|fails? to {_TELL})\\b",
    f"{_SOURCE},? (?:contains?|ha(?:ve|s)|provides?|gives?|makes?|offers?|includes?|mentions?) no {_KNOWLEDGE}\\b",
    f"(?:none of|neither of|nothing in) {_SOURCE} {_TELL}\\b",
    rf"(?:no|neither) (?:\w+ )?(?:sources?|articles?|passages?|results?) "
    f"(?:{_TELL}|that|which|about|(?:is|are|was|were|has|have) (?:been )?{_TOLD})\\b",
)
_THERE_IS_NOTHING = (
    f"there (?:is|are)(?: currently| simply)? (?:no|not any|not enough|insufficient) {_INFORMATION}\\b",
    f"there (?:is|are|was|were) (?:not any|no) {_KNOWLEDGE}\\b[^.]* (?:in|from|within) {_SOURCE}{_END}",
    f"(?:no|insufficient|not enough) {_INFORMATION}(?:{_END}| (?:(?:is|are|was|were) )?{_TOLD}\\b"
    "| (?:on|about|of|regarding|to|for|in) (?!.* (?:was|were|has|have) ))",
)
_IT_IS_NOT_STATED = (
    f"(?:{_SUBJECT} (?:is|are|was|were|has been|have been) not|not|never) {_HOW}{_TOLD}(?: or {_TOLD})?"
    f" (?:anywhere )?(?:in|by|within|from|across) {_SOURCE}{_END}",
    f"(?:{_SUBJECT} (?:is|are) not|not) {_HOW}(?:stated|mentioned|specified|provided|given|answered|available)"
    f"(?: here)?{_END}",
    f"(?:it|this|that) (?:is|was) (?:not|never) {_HOW}(?:stated|mentioned|specified|answered|clear from {_SOURCE})\\b",
)
_IT_CANNOT_BE_TOLD = (
    rf"{_SUBJECT} can not be (?:\w+ly )?(?:determined|answered|found|inferred|ascertained|deduced)\b"
    rf"(?:(?! (?:said|says|told)\b)[^.])*{_END}",
    f"{_SUBJECT} could not be (?:determined|answered|found|inferred)[^.]* (?:from|in|by|with|based on) {_SOURCE}",
    "it is (?:not possible|impossible|not clear|unclear)(?: for me)? "
    f"(?:to (?:determine|say|tell|answer|know|provide|identify|infer)|from {_SOURCE})",
)
_I_CANNOT_TELL = (
    "(?:i|we) (?:do|did|could|can|was|am|are|were) not (?:currently |actually |really )*(?:know|have|find|see|answer"
    r"|determine|provide|say|tell|identify|locate|able|aware|sure|certain|assist|help|access|give|be)\b",
    r"(?:i am|we are) (?:not (?:able|sure|aware|certain)|unable|unaware|unsure)\b",
    r"(?:i|we) (?:have|had|found|find|see|lack) (?:no|any|nothing|access)\b",
    r"unable to (?:answer|determine|find|provide|locate)\b",
    r"can not (?:answer|be determined|be answered|determine|say)\b",
)
_NO_ANSWER = (
    "(?:empty response|unknown|unanswerable|no answer|not answerable|n/a|not known|not applicable|do not know|not found"
    f"|not sure|not clear){_END}",
)
_REFUSAL = re.compile(
    f"{_PREAMBLE}"
    + _any(
        *_THE_SOURCES_DO_NOT_SAY,
        *_THERE_IS_NOTHING,
        *_IT_IS_NOT_STATED,
        *_IT_CANNOT_BE_TOLD,
        *_I_CANNOT_TELL,
        *_NO_ANSWER,
    ),
    re.IGNORECASE,
)
_REPORTED = re.compile(r", (?:[\w'-]+ ){1,6}(?:said|says)\W*$|, (?:said|says) [^,]+$|\bsaid on \w+\W*$", re.IGNORECASE)
"""Someone in the news says that there is no information: that is news."""

_ONLY = "(?:only |just |merely |mostly |mainly |primarily |also |instead |rather |do |does )*"
_SPEAK = (
    "(?:says?|mentions?|states?|discuss(?:es)?|describes?|refers?|reports?|notes?|focus(?:es)?|provides?|contains?"
    "|talks?|covers?|gives?|does|do|speaks?|deals?|indicates?|suggests?|tells?|lists?|names?"
    "|(?:is|are) (?:about|related))"
)
_ASIDE = re.compile(
    f"{_PREAMBLE}"
    + _any(
        rf"{_SOURCE} {_ONLY}(?:{_SPEAK}|is|are)\b",
        rf"(?:they|it|these|this|those) {_ONLY}{_SPEAK}\b",
        rf"{_ONLY}(?:say|mention|state|describe|note|says|mentions|states|describes|notes)\b",
        "(?:it|this) (?:is|remains) (?:unclear|not clear|unknown)",
        "please |if you|you (?:may|might|can|could|should|would)|(?:could|would|can|do) you",
        "is there|feel free|let me know",
        "for (?:more|further|accurate)|(?:more|further|additional) (?:information|context|details?|sources?)",
        "looked for:|to (?:answer|determine|find|get) ",
        "(?:i|we) (?:do|can|would|only|will|was|apologi[sz]e|recommend|suggest)",
        "(?:i am|my|sorry|apologies|thank)",
    ),
    re.IGNORECASE,
)
_SPLIT = re.compile(
    r"(?<=[.!?])[\"')]*\s+|\n+|\s*;\s*|,?\s+(?=(?:but|however|although|though|whereas|while)\b)", re.IGNORECASE
)
_CONCESSION = re.compile(r"(?:while|although|though|even though)\b[^,]*,", re.IGNORECASE)
_SORRY = re.compile(r"(?:(?:i am )?(?:very |really )?sorry|i apologi[sz]e|(?:my )?apologies)\b", re.IGNORECASE)
_NEGATION = re.compile(r"\b(?:not|no|unable|nothing|never)\b", re.IGNORECASE)
_WRITTEN_OUT = {"m": " am", "re": " are", "ve": " have", "d": " would"}
_LABEL = re.compile(r"(?:final |short )?(?:answer|response)\s*:\s*", re.IGNORECASE)


@lru_cache(maxsize=4096)
def reads_as_refusal(text: str) -> bool:
    """Whether `text` says that the sources do not answer the question. An empty text does."""
    statements = _statements(text)
    if not statements:
        return True
    return _refuses(statements[0]) and not any(_answers(statement) for statement in statements[1:])


def _statements(text: str) -> list[str]:
    lines = "\n".join(plain(line) for line in text.splitlines())
    bare = _in_full(re.sub(r"[*_#>\"“”]+", "", lines)).strip()
    bare = bare[found.end() :] if (found := _LABEL.match(bare)) else bare
    pieces = [piece.strip(" ,-–—") for piece in _SPLIT.split(bare)]
    pieces = [piece for piece in pieces if re.search(r"\w", piece)]
    if pieces and (found := _CONCESSION.match(pieces[0])):  # "While the articles do not say it, …"
        pieces[:1] = [pieces[0][: found.end() - 1], pieces[0][found.end() :].strip()]
    if len(pieces) > 1 and _SORRY.match(pieces[0]) and not _refuses(pieces[0]):
        pieces[:2] = [f"{pieces[0].rstrip('.!,')}, {pieces[1]}"]  # "I'm sorry, but I can't …" is one statement
    return [piece for piece in pieces if piece]


def _in_full(text: str) -> str:
    """Contractions written out, so that every pattern needs one form only."""
    text = re.sub(r"\b(can)(?:not|'t)\b", r"\1 not", text, flags=re.IGNORECASE)
    text = re.sub(r"n't\b", " not", text)
    text = re.sub(r"\b(it|that|there|this)'s\b", r"\1 is", text, flags=re.IGNORECASE)
    return re.sub(r"'(m|re|ve|d)\b", lambda match: _WRITTEN_OUT[match[1]], text)


def _refuses(statement: str) -> bool:
    if _REPORTED.search(statement):
        return False
    if _SORRY.match(statement) and _NEGATION.search(statement):
        return True
    return _REFUSAL.match(statement) is not None


def _answers(statement: str) -> bool:
    """Whether `statement`, after a refusal, answers all the same."""
    return not _refuses(statement) and _ASIDE.match(statement) is None
