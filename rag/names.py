"""Names of a text, and whether one stands in another text: itself, its demonym, or spelled out."""

import re

from rapidfuzz.distance import Levenshtein

from index.stopwords import STOPWORDS
from index.terms import fold
from rag.words import NUMBER_WORDS

# words that open a sentence without being names; other forms of verbs are known by their endings
_OPENERS = STOPWORDS.union(
    """across amid around besides beyond despite earlier except former given inside instead last later latest
    meanwhile near next outside perhaps several since soon still therefore today toward unlike yes yesterday
    compare describe enumerate explain find give list name outline recount reconstruct show summarise summarize
    trace""".split(),
    NUMBER_WORDS,
)
_BEHIND_VERBS = frozenset(
    "the a an what how why who whom which when where me us all every each this these both his her its their".split()
)
"""Behind the first word of a request these make a verb of it: "Sketch the course of …"."""
_VERB_ENDING = re.compile(r"[a-z]{2,}(?:ing|ed|ly)$")
_CAPITALISED = re.compile(r"[^\W\d_][\w]*(?:[-’'.][^\W\d_]\w*)*")
_SAME_NAME = [
    {"uk", "britain", "british", "united kingdom"}, {"us", "usa", "america", "american", "united states"},
    {"un", "united nations"}, {"eu", "european union"}, {"turkey", "turkish", "turkiye"}, {"france", "french"},
    {"china", "chinese"}, {"spain", "spanish"}, {"netherlands", "dutch"}, {"germany", "german"}, {"greece", "greek"},
    {"ireland", "irish"}, {"denmark", "danish"}, {"sweden", "swedish"}, {"poland", "polish"}, {"switzerland", "swiss"},
]  # fmt: skip
_DEMONYM_ENDINGS = ("n", "an", "ian", "i", "ish", "ese", "s", "es")
_PARTICLES = frozenset("al el bin ibn abu de der den van von la le da di du the of and".split())
_BETWEEN_INITIALS = rf"\w*\W+(?:(?:{'|'.join(_PARTICLES | {'for', 'in', 'on', 'to'})})\W+)*"


def find_names(text: str, *, question: bool = False) -> list[str]:
    """Capitalised words and acronyms of `text`, each once, without particles such as "al-".

    The first word of a sentence is capitalised anyway: it counts only if it is part of a longer name, or, at the
    beginning of a question, if it is not a word that questions begin with.
    """
    found: dict[str, None] = {}
    for match in _CAPITALISED.finditer(text):
        word = match.group()
        if not word[0].isupper() and not re.search(r"-[A-ZÀ-Þ]", word):
            continue
        before = text[: match.start()].rstrip("“”\"'‘(*-— \n\t[")
        if not before or before[-1] in ".!?:":
            following = _CAPITALISED.match(text, match.end() + 1)
            acronym = len(word) > 1 and word.isupper()
            verb = _VERB_ENDING.fullmatch(word.lower()) or (following and following.group() in _BEHIND_VERBS)
            goes_on = (question and not before) or (following and following.group()[0].isupper())
            if fold(word) in _OPENERS or not (acronym or (goes_on and not verb)):
                continue
        for name in re.split(r"['’]s\b|[-.]", word):
            if name[:1].isupper() and len(name) > 1 and (name == "US" or fold(name) not in _PARTICLES | STOPWORDS):
                found[name] = None
    return list(found)


def name_stands_in(name: str, text: str) -> bool:
    """Whether `name` occurs in `text`: itself, its demonym, an agreed equivalent, or spelled out if an acronym."""
    if name == "US":  # folded, it is a pronoun
        return re.search(r"\bU\.?S\b|\bUSA\b|America|United States", text) is not None
    folded_name, folded = fold(name), fold(text)
    if re.search(r"\W", folded_name):  # "O'Mara", "al-Golani"
        return re.search(r"\b" + r"\W{1,2}".join(re.findall(r"\w+", folded_name)) + r"\b", folded) is not None
    kin = {folded_name} | {folded_name + ending for ending in _DEMONYM_ENDINGS if len(folded_name) >= 4}
    kin |= {folded_name.removesuffix(ending) for ending in _DEMONYM_ENDINGS if len(folded_name) - len(ending) >= 4}
    if not kin.isdisjoint(re.findall(r"\w+", folded)):
        return True
    if any(folded_name in group and re.search(rf"\b(?:{'|'.join(group)})\b", folded) for group in _SAME_NAME):
        return True
    # the initials of capitalised words, particles left out: SOHR, and OHR within it
    return name.isupper() and 2 <= len(name) <= 6 and re.search(r"\b" + _BETWEEN_INITIALS.join(name), text) is not None


def foreign_names(words: str, text: str) -> list[str]:
    """The names of `words`, which need not begin a sentence, that do not stand in `text`."""
    return [name for name in find_names(words, question=True) if not name_stands_in(name, text)]


def resembles_word_in(name: str, text: str) -> bool:
    """Whether a word of `text` is `name` with a slip of the pen: one edit in five letters, two in ten.

    The first letter must agree. A name of five letters must be a name in `text` too, and end alike: "Paris" is not
    "parts", nor "Maria" "Mario".
    """
    folded = fold(name)
    short, allowed = len(folded) == 5, 2 if len(folded) >= 10 else 1
    return len(folded) >= 5 and any(
        word[0] == folded[0]
        and (not short or word[-1] == folded[-1])
        and Levenshtein.distance(folded, word, score_cutoff=allowed) <= allowed
        for word in {fold(word) for word in re.findall(r"\w{4,}", text) if word[0].isupper() or not short}
    )
