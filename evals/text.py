"""What the scorers and the judge compare of a text: its words, and the numbers, days and names that it gives.

Nothing here is of `rag`: a check that marked itself would not see its own slips. What it does not find is missing."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

from snowballstemmer import stemmer

from evals.normal import DROPPED, MONTHS, WEEKDAYS, Day, Token, plain, replace_days, tokens, united
from index.split import split_sentences

STOPWORDS = frozenset(
    """a an the this that these those such some any all both each every either neither other another own same i me my we
    us our ours you your yours he him his he she her hers it its they them their theirs myself yourself himself
    herself itself ourselves themselves one who whom whose which what when where why how whether if and or but nor
    not no so than then too very also just only even still yet again more most much few once here there at by for
    from in into of off on onto out over to up upon with without within about above across after against along amid
    among around as before behind below between beyond down during except near since through toward towards under
    until via while because although though however am is are was were be been being do does did doing have has had
    having can could may might must shall should will would let like mr mrs ms""".split()
)


@dataclass(frozen=True, slots=True)
class Quote:
    """What an article says, and when it was published."""

    text: str
    published: date | None = None


def fold(text: str) -> str:
    """Lower case, no diacritics, straight quotes, single spaces."""
    return plain(text).casefold()


def keys(text: str) -> Iterator[str]:
    """Each token of `text` as a word to count: a day as its day, month and year, a plural as its singular."""
    for token in tokens(text):
        if token.day:
            yield from (str(token.day.day), f"month {token.day.month}")
            yield from [str(token.day.year)] if token.day.year else []
        else:
            yield f"month {_NUMBER_OF[token.form]}" if token.form in _NUMBER_OF else token.stem


@lru_cache(maxsize=8192)
def words(text: str) -> frozenset[str]:
    """Stems (Porter2) of the words that carry meaning; numbers and days as `keys` has them."""
    found = (key for key in keys(text) if key not in STOPWORDS and (len(key) > 1 or not key.isalpha()))
    # a stemmer of its own for each call: the library's objects are not safe across threads
    return frozenset(map(stemmer("english").stemWord, found))


def unframed(sentence: str) -> str:
    """`sentence` without what it says of its source first: "As of 5 December 2024: ", "The article, of …, says: "."""
    return _SOURCE.sub("", sentence)


def verbatim(sentence: str, quotes: Sequence[Quote]) -> bool:
    """Whether `sentence` is one of the quotes in quotation marks, behind no more than what it says of its source or
    a day that the quote or its article has. Dates in square brackets are an editor's."""
    plainly = re.sub(r" \[[^\[\]]*\d{4}\]", "", unframed(sentence))
    for day in {quote.published for quote in quotes if quote.published}:
        plainly = plainly.removeprefix(f"{day.day} {MONTHS[day.month - 1].capitalize()} {day.year}: ")
    found = re.fullmatch(r"(?:In the article’s words: |[\w ]*\d{4}: )?“?(.*?)”?", plainly, re.DOTALL)
    words = found[1].strip("“”") if found else ""
    same = any(words and " ".join(quote.text.split()).strip("“”").endswith(words) for quote in quotes)
    return same and lacking(plainly, quotes) is None


def lacking(sentence: str, quotes: Sequence[Quote]) -> str | None:
    """The first date, number or name of `sentence` that no quote has, called so; None if they have them all."""
    days = frozenset[Day]().union(*map(_days, quotes))
    for token in tokens(sentence):
        if token.day and not any(map(token.day.same, days)):
            return f"the date {token.day}"
    stood = [number for quote in quotes for number in _numbers(quote.text)]
    # "one" and "first" in letters are left out: they say too many other things
    left_out = {str(day.year) for day in days} | ({"1", "1th"} - set(re.findall(r"\w+", sentence)))
    for number, unit in _numbers(sentence):
        stands = any(number == other and (unit == its or "" in (unit, its)) for other, its in stood)
        if not (stands or number in left_out):
            return f"the number {number}"
    text = united("\n".join(plain(quote.text) for quote in quotes))
    known = frozenset[str]().union(*map(_forms, re.findall(r"\w+", text)))
    known |= {word for day in days for word in (MONTHS[day.month - 1].lower(), day.weekday()) if word}
    unknown = (name for name in _names(sentence) if not (_forms(name) & known or _spelled(name, text)))
    return next((f"the name {name}" for name in unknown), None)


_NUMBER_OF = {name.lower(): number for number, name in enumerate(MONTHS, 1)}
_SOURCE = re.compile(
    r"(?:(?:As of|In the article['’]s words|(?:The|Another) article|Corrected|Before the correction)"
    r"(?:,? (?:of |on )?\d+ \w+ \d+)?(?:,? says)?: )+"
)
_SHIFTS = {"yesterday": -1, "tomorrow": 1}
_RELATIVE = re.compile(
    rf"\b(?:{'|'.join([*WEEKDAYS, *_SHIFTS])}|today|tonight|(?:that|same|in the) day"
    r"|this (?:morning|afternoon|evening))\b",
    re.IGNORECASE,
)


def _days(quote: Quote) -> set[Day]:
    """The days that a quote names, and those that "on Thursday", "yesterday" or "that day" may mean there: of a
    weekday, the last and the next."""
    named, published = {token.day for token in tokens(quote.text) if token.day}, quote.published
    if not published:
        return named
    shifts = set[int]()
    for word in map(str.lower, _RELATIVE.findall(quote.text)):
        last = (WEEKDAYS.index(word) - published.weekday()) % -7 if word in WEEKDAYS else _SHIFTS.get(word, 0)
        shifts |= {last, last + 7} if word in WEEKDAYS else {last}
    meant = (published + timedelta(days=shift) for shift in shifts)
    return {day.near(published) for day in named} | {Day(day.month, day.day, day.year) for day in meant}


def _numbers(text: str) -> list[tuple[str, str]]:
    """Each with the unit behind it or ""."""
    read: tuple[Token, ...] = tokens(text)
    behind = [*(token.form if token.unit else "" for token in read[1:]), ""]
    return [(token.form, unit) for token, unit in zip(read, behind, strict=bool(read)) if token.is_number]


_ENDINGS = "a e y ey i is s n ns an ans ian ians ish ese ia istan".split()
_FROM = {
    "american": "unitedstates", "british": "unitedkingdom", "french": "france", "dutch": "netherlands",
    "german": "germany", "greek": "greece", "irish": "ireland", "polish": "poland", "spanish": "spain",
    "swedish": "sweden", "danish": "denmark", "swiss": "switzerland", "lebanese": "lebanon",
    "norwegian": "norway", "scottish": "scotland", "welsh": "wales",
}  # fmt: skip


def _names(text: str) -> Iterator[str]:
    """The capitalised words of `text`. The first of a sentence is a name only before another or in capitals: "Syrian
    Arab", "SOHR"."""
    text = united(replace_days(plain(text), lambda day: " "))
    for span in split_sentences(text):
        read = re.findall(r"\w+", text[span.start : span.end])
        for at, word in enumerate(read):
            opens = at == 0 and not (word.isupper() or (read[1:2] and read[1][0].isupper()))
            if len(word) > 1 and word[0].isupper() and word.lower() not in STOPWORDS | DROPPED and not opens:
                yield word


def _spelled(name: str, text: str) -> bool:
    """Whether `text` has what the letters of `name` stand for."""
    words = r"[\s-]+(?:[a-z]{1,3} )*".join(rf"{letter}\w+" for letter in name)
    return name.isupper() and re.search(rf"\b{words}", text) is not None


@lru_cache(maxsize=8192)
def _forms(word: str) -> frozenset[str]:
    """The word without each ending that makes a people of a country; four letters must stay."""
    low = word.casefold()
    forms = {low} | {low.removesuffix(ending) for ending in _ENDINGS if len(low) >= 4 + len(ending)}
    return frozenset(forms | {_FROM[form] for form in forms if form in _FROM})
