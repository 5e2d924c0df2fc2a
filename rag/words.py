"""Words in forms that can be compared."""

import re
from functools import lru_cache

from index.stopwords import STOPWORDS
from index.terms import fold

_TOKEN = re.compile(r"\w+(?:[.,]\d+)*(?:'\w+)?")
_ONES = """zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen
    seventeen eighteen nineteen""".split()
TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
NUMBER_WORDS = {word: float(n) for n, word in enumerate(_ONES)} | {"dozen": 12.0}
NUMBER_WORDS |= {word: float(20 + 10 * n) for n, word in enumerate(TENS)}

SAYING = (
    r"said|says?|saying|told|claim(?:s|ed)?|announced|argue[sd]?|alleged(?:ly)?|insist(?:s|ed)?|warn(?:s|ed)?"
    r"|reported(?:ly)?|denie[sd]|accuse[sd]?|stated|admit(?:s|ted)|confirm(?:s|ed)|described|called"
)
SOMEBODY_SAYS = re.compile(rf"\b(?:{SAYING}|according to)\b", re.IGNORECASE)


@lru_cache(maxsize=50_000)
def _stem(word: str) -> str:
    from snowballstemmer import stemmer  # reads every language's rules: a search goes without

    # a stemmer of its own for each call: the library's objects are not safe across threads
    return str(stemmer("english").stemWord(word)) if word.isascii() else word


def content_words(text: str) -> list[str]:
    """Stems of the words that carry meaning (Porter2), in order; numbers are kept as digits."""
    words = (match.group().split("'")[0].replace(",", "") for match in _TOKEN.finditer(fold(text)))
    return [
        f"{NUMBER_WORDS[word]:g}" if word in NUMBER_WORDS else _stem(word)
        for word in words
        if word not in STOPWORDS and (len(word) > 1 or not word.isascii() or word.isdigit())
    ]
