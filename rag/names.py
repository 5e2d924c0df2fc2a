"""Names of a text, and whether one stands in another text: itself, its demonym, or spelled out."""

from __future__ import annotations

import re

from rapidfuzz.distance import Levenshtein

from index.stopwords import STOPWORDS
from rag.words import NUMBER_WORDS, fold

# words that open a sentence without being names; other forms of verbs are known by their endings
_OPENERS = frozenset(
    """according across amid around besides beyond despite earlier except former given inside instead last later latest
    meanwhile near next outside perhaps regarding several since soon still therefore today toward unlike yes yesterday
    compare describe explain find give list name show summarise summarize tell""".split()
)
_VERB_ENDING = re.compile(r"[a-z]{2,}(?:ing|ed|ly)$")
_CAPITALISED = re.compile(r"[^\W\d_][\w]*(?:[-’'.][^\W\d_]\w*)*")
_SAME_NAME = [
    {"uk", "britain", "british", "united kingdom"},
    {"us", "usa", "america", "american", "united states"},
    {"un", "united nations"},
    {"eu", "european union"},
    {"turkey", "turkish", "turkiye"},
    {"france", "french"},
    {"china", "chinese"},
    {"spain", "spanish"},
    {"netherlands", "dutch"},
    {"germany", "german"},
    {"greece", "greek"},
    {"ireland", "irish"},
    {"denmark", "danish"},
    {"sweden", "swedish"},
    {"poland", "polish"},
    {"switzerland", "swiss"},
]
_DEMONYM_ENDINGS = ("n", "an", "ian", "i", "ish", "ese", "s", "es")
_NAME_PARTICLES = frozenset("al el bin ibn abu de der den van von la le da di du the of and".split())


def find_names(text: str, *, question: bool = False) -> list[str]:
    """Capitalised words and acronyms of `text`, each once, without particles such as "al-".

    The first word of a sentence is capitalised anyway: it counts only if it is part of a longer name, or, in a
    question, if it is not a word that questions begin with.
    """
    found: dict[str, None] = {}
    for match in _CAPITALISED.finditer(text):
        word = match.group()
        if not word[0].isupper() and not re.search(r"-[A-ZÀ-Þ]", word):
            continue
        if _opens_sentence(text, match.start()) and not _is_name_at_start(text, match, question):
            continue
        for part in re.split(r"[-.]", re.sub(r"['’]s?$", "", word)):
            name = re.sub(r"['’]s$", "", part)
            if len(name) > 1 and name[0].isupper() and (name == "US" or fold(name) not in _NAME_PARTICLES | STOPWORDS):
                found[name] = None
    return list(found)


def _opens_sentence(text: str, start: int) -> bool:
    before = text[:start].rstrip("“”\"'‘(*-— \n\t[")
    return not before or before[-1] in ".!?:"


def _is_name_at_start(text: str, match: re.Match[str], question: bool) -> bool:
    word = match.group()
    if fold(word) in STOPWORDS | _OPENERS | NUMBER_WORDS.keys():
        return False
    if word.isupper() and len(word) > 1:
        return True
    if _VERB_ENDING.fullmatch(word.lower()):
        return False
    following = _CAPITALISED.match(text, match.end() + 1)
    return question or bool(following and following.group()[0].isupper())


def name_stands_in(name: str, text: str) -> bool:
    """Whether `name` occurs in `text`: itself, its demonym, an agreed equivalent, or spelled out if an acronym."""
    if name == "US":  # folded, it is a pronoun
        return re.search(r"\bU\.?S\b|\bUSA\b|America|United States", text) is not None
    folded_name, folded = fold(name), fold(text)
    if re.search(r"\W", folded_name):  # "O'Mara", "al-Golani"
        parts = re.findall(r"\w+", folded_name)
        return re.search(r"\b" + r"\W{1,2}".join(map(re.escape, parts)) + r"\b", folded) is not None
    words = set(re.findall(r"\w+", folded))
    if folded_name in words or any(_kin(folded_name, word) for word in words):
        return True
    if any(folded_name in group and any(re.search(rf"\b{other}\b", folded) for other in group) for group in _SAME_NAME):
        return True
    return name.isupper() and 2 <= len(name) <= 6 and name in _initials(text)


def resembles_word_in(name: str, text: str) -> bool:
    """Whether a word of `text` is `name` with a slip of the pen: one edit in five letters, two in ten.

    The first letter must agree. A name of five letters must be a name in `text` too, and end alike: "Paris" is not
    "parts", nor "Maria" "Mario".
    """
    folded = fold(name)
    if len(folded) < 5:
        return False
    short = len(folded) == 5
    allowed = 2 if len(folded) >= 10 else 1
    return any(
        word[0] == folded[0]
        and (not short or word[-1] == folded[-1])
        and Levenshtein.distance(folded, word, score_cutoff=allowed) <= allowed
        for word in {fold(word) for word in re.findall(r"\w{4,}", text) if word[0].isupper() or not short}
    )


def _kin(a: str, b: str) -> bool:
    if len(a) > len(b):
        a, b = b, a
    return len(a) >= 4 and b.startswith(a) and b[len(a) :] in _DEMONYM_ENDINGS


def _initials(text: str) -> set[str]:
    """Every run of initials that capitalised phrases of `text` give: SOHR, and SO, OHR … within it."""
    runs: set[str] = set()
    initials = ""
    for word in [*re.findall(r"\w+", text), ""]:
        if word[:1].isupper():
            initials += word[0]
        elif word not in _NAME_PARTICLES | {"for", "in", "on", "to"}:
            runs |= {initials[i:j] for i in range(len(initials)) for j in range(i + 2, len(initials) + 1)}
            initials = ""
    return runs
