"""Words in forms that can be compared."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from snowballstemmer import stemmer

STOPWORDS = frozenset(
    """a about above after again against all also although am among an and any are as at be because been before being
    below between both but by can could did do does doing down during each either else every few for from further had
    has have having he her here hers herself him himself his how however i if in into is it its itself just let like
    me more most much my neither no nor not of off on once only or other our ours out over own per same shall she
    should so some such than that the their theirs them themselves then there these they this those through to too
    under until up upon us very via was we were what when where whether which while who whom whose why will with
    within without would yet you your yours mr mrs ms""".split()
)
_TOKEN = re.compile(r"\w+(?:[.,]\d+)*(?:['’]\w+)?")
_ONES = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen"
).split()
TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
NUMBER_WORDS: dict[str, float] = {word: float(n) for n, word in enumerate(_ONES)}
NUMBER_WORDS |= {word: float(20 + 10 * n) for n, word in enumerate(TENS)} | {"dozen": 12.0}


def fold(text: str) -> str:
    """Lower case, no diacritics, straight quotes: the form in which spellings are compared."""
    decomposed = unicodedata.normalize("NFKD", text.replace("’", "'").replace("‘", "'"))
    return "".join(c for c in decomposed if not unicodedata.combining(c)).casefold()


@lru_cache(maxsize=50_000)
def _stem(word: str) -> str:
    # a stemmer of its own for each call: the library's objects are not safe across threads
    return str(stemmer("english").stemWord(word)) if word.isascii() else word


def content_words(text: str) -> list[str]:
    """Stems of the words that carry meaning (Porter2), in order; numbers are kept as digits."""
    found = []
    for match in _TOKEN.finditer(fold(text)):
        word = match.group().split("'")[0].replace(",", "")
        if word in STOPWORDS or (len(word) == 1 and word.isascii() and not word.isdigit()):
            continue
        value = NUMBER_WORDS.get(word)
        found.append(f"{value:g}" if value is not None else _stem(word))
    return found
