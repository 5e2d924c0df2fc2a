"""Does a text say that the sources do not answer? One reading for every system, whatever words it refuses in.

A text is a refusal if its first statement is one and no later statement answers all the same. Statements are
sentences, and the parts that ";", "but", "however" or "although" make of one. Later ones may repeat the
refusal, tell what the sources do say ("they only say …") or give advice; anything else is an answer.

A refusal is about the sources or about whoever answers: "the articles do not say", "I cannot find", "not
stated". "The army did not say how many died" is about the army: it is an answer."""

import re
from functools import lru_cache

from evals.normal import plain

_GIVEN = "provided|given|available|retrieved|above|supplied|uploaded|following|cited|numbered|relevant"
_FREE = "sources?|(?:news )?articles?|passages?|context|documents?|texts?|excerpts?|snippets?|paragraphs?|information"
_OTHER = "evidence|results|materials?|content|statements|quotes|data|corpus|database|news|facts"
"""Also things in the news: only "the provided evidence" is surely a source."""
_BEFORE = f"(?:(?:of|the|these|this|those|any|either|both|your|all|first|second|source|article|{_GIVEN}) )*"
_BEHIND = f"(?: (?:{_GIVEN}|here|themselves|itself|found|you|ha(?:ve|s) been|were|in|for|to|me|which|and|or|\\d+)\\b)*"
_ALIKE = tuple(
    (re.compile(pattern, re.IGNORECASE), word)
    for pattern, word in (
        (r"\bcan(?:not|'t)\b", "can not"),
        (r"n't\b", " not"),
        (r"\b(it|that|there|this)'s\b", r"\1 is"),
        (r"\b(?:i'm|we(?:'re| are))\b", "i am"),
        (r"\b(?:i've|we(?:'ve| have)?)\b", "i"),
        (r"\b(?:\w+ly,?|therefore,?|even|also|just|seem to|appear to) ", ""),
        (rf"\b{_BEFORE}(?:(?:{_FREE})|(?:{_GIVEN}) (?:{_OTHER})|(?:{_OTHER}) (?:{_GIVEN}))\b{_BEHIND}", "SOURCE"),
    )
)
"""What is written in one form before it is read: contractions, adverbs, and whatever the sources are called."""
_TELL = (
    "(?:say|state|mention|provide|contain|specif(?:y|i)|give|include|indicate|answer|address|tell|reveal|discuss|explain"
    "|describe|identif(?:y|i)|name|offer|report|ha(?:ve|s)|cover|disclose|refer|clarify|show|make|list|confirm|note|do"
    r"|focus|talk|speak|deal|suggest)(?:e?s)?\b"
)
_TOLD = (
    "(?:stated|mentioned|specified|provided|given|answered|addressed|available|included|indicated|discussed|found"
    "|disclosed|reported|named|described|contained|covered|listed|clear|known|explained|determined)"
)
_INFORMATION = r"(?:\w+ ){0,2}?(?:SOURCE|mention|details?|answers?|data)\b"
_FACT = rf"(?:{_INFORMATION}|(?:\w+ )?(?:indication|evidence|reference|record)\b)"
_DO = (
    "(?:know|have|find|see|answer|determine|provide|say|tell|identify|locate|able|aware|sure|certain|assist|help|access"
    "|give)"
)
_SUBJECT, _END = "[^.;]{1,120}? ", r"\W*$"
_SORRY = r"(?:i am )?(?:very )?(?:sorry|afraid)|i apologi[sz]e|(?:my )?apologies"
_TO_THE_MARK = "(?:[^,.:]*(?=[,.:]))?"
_PREAMBLE = (
    rf"(?:(?:yes|no|well|regrettably|however|but|and|so|thus|(?:even )?though|although|while|(?:{_SORRY}){_TO_THE_MARK}"
    rf"|as an? (?:ai|language|assistant)(?: (?:language )?(?:model|assistant))?{_TO_THE_MARK}"
    r"|(?:it (?:seems|appears)|(?:please )?note) that"
    rf"|(?:based (?:up)?on|according to|from|in|within|given|as per)(?:,? only)? SOURCE{_TO_THE_MARK})[,.:]*\s)*"
)
_REFUSING = (
    f"SOURCE,? (?:do|does|did) not(?: {_TELL}|{_END})",
    "SOURCE (?:is|are) (?:silent|insufficient|not (?:sufficient|enough|relevant))",
    rf"SOURCE (?:lacks?\b|fails? to {_TELL}|{_TELL} no {_FACT})",
    f"(?:none|neither|nothing)(?: in)? ?SOURCE {_TELL}",
    rf"(?:no|neither) SOURCE(?:{_END}| (?:{_TELL}|that|about|(?:is|are|was|has|have) (?:been )?{_TOLD}))",
    f"there (?:is|are) (?:no|not any|not enough|insufficient) (?:{_INFORMATION}|{_FACT}.* SOURCE{_END})",
    rf"(?:no|insufficient|not enough) {_FACT}(?:.* SOURCE)?{_END}",
    f"(?:{_SUBJECT}(?:is|are|was|were|(?:has|have) been) not|not|never) {_TOLD}(?: or {_TOLD})?"
    f" (?:anywhere )?(?:in|by|within|from|across) SOURCE{_END}",
    f"(?:{_SUBJECT}(?:is|are) not|not) (?:stated|mentioned|specified|provided|given|answered|available){_END}",
    rf"{_SUBJECT}can not be {_TOLD}(?:(?! (?:said|says|told)\b)[^.])*{_END}",
    f"{_SUBJECT}could not be {_TOLD}[^.]* SOURCE{_END}",
    r"(?:it|this|that) (?:is|was) (?:not|never) (?:stated|mentioned|specified|answered|clear from SOURCE)\b",
    f"it is (?:not possible|impossible|not clear|unclear)(?: for me)? (?:to {_DO}|from SOURCE)",
    rf"i (?:do|did|could|can|was|am|were)? ?not (?:be )?{_DO}\b|i am (?:unable|unaware|unsure)\b",
    rf"i (?:have|had|found|find|see|lack) (?:no|any|nothing|access)\b|unable to {_DO}\b",
    rf"can not {_DO}\b|(?:empty response|unknown|unanswerable|n/a|do not know|not (?:{_TOLD}|sure)){_END}",
)
_REFUSAL = re.compile(rf"{_PREAMBLE}(?:{'|'.join(_REFUSING)})", re.IGNORECASE)
_REPORTED = re.compile(r", (?:[\w'-]+ ){1,6}(?:said|says)\W*$|, (?:said|says) [^,]+$|\bsaid on \w+\W*$", re.IGNORECASE)
"""Someone in the news says that there is no information: that is news."""
_ASIDE = re.compile(
    _PREAMBLE
    + rf"(?:(?:SOURCE|they|it|these|this|those) (?:{_TELL}|(?:is|are)\b)|(?:say|mention|state|describe|note)s?\b"
    "|(?:it|this) (?:is|remains) (?:unclear|not clear|unknown)|please |if you|(?:could|would|can|do )?you |is there"
    "|feel free|let me know|(?:for )?(?:more|further|additional) |looked for:|to (?:answer|determine|find|get) "
    "|i (?:am|do|can|would|only|will|was|apologi[sz]e|recommend|suggest)|my |sorry|apologies|thank)",
    re.IGNORECASE,
)
_SPLIT = re.compile(
    r"(?<=[.!?])[\"')]*\s+|\n+|;|(?<!\s)\s+(?=(?:but|however|although|though|whereas|while)\b)", re.IGNORECASE
)
_CONCESSION = re.compile(r"(?:while|although|though|even though)\b[^,]*,", re.IGNORECASE)
_LABEL = re.compile(r"(?:final |short )?(?:answer|response)\s*:\s*", re.IGNORECASE)


@lru_cache(maxsize=4096)
def reads_as_refusal(text: str) -> bool:
    """Whether `text` says that the sources do not answer the question. An empty text does."""
    statements = _statements(text)
    if not statements:
        return True
    return _refuses(statements[0]) and all(_refuses(one) or _ASIDE.match(one) for one in statements[1:])


def _statements(text: str) -> list[str]:
    text = re.sub(r"[*_#>\"“”]+", "", "\n".join(plain(line) for line in text.splitlines())).strip()
    text = _LABEL.sub("", text, count=1) if _LABEL.match(text) else text
    for pattern, word in _ALIKE:
        text = pattern.sub(word, text)
    pieces = [piece.strip(" ,-–—") for piece in _SPLIT.split(text)]
    pieces = [piece for piece in pieces if re.search(r"\w", piece)]
    if pieces and (found := _CONCESSION.match(pieces[0])):  # "While the articles do not say it, …"
        pieces[:1] = [pieces[0][: found.end() - 1], pieces[0][found.end() :].strip()]
    if len(pieces) > 1 and re.match(_SORRY, pieces[0], re.IGNORECASE) and not _refuses(pieces[0]):
        pieces[:2] = [f"{pieces[0].rstrip('.!,')}, {pieces[1]}"]  # "I'm sorry, but I can't …" is one statement
    return [piece for piece in pieces if piece]


def _refuses(statement: str) -> bool:
    return not _REPORTED.search(statement) and _REFUSAL.match(statement) is not None
