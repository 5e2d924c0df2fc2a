"""Bytes -> characters, whatever the encoding; and the one exception that says why a file was not read."""

from __future__ import annotations

import codecs
import re
import stat
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from index.errors import UnforeseenWarning

MAX_ARTICLE_CHARS = 2_000_000

_SAMPLE = 64_000
_BOMS = (
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16: its mark begins with UTF-16's
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# What charset-normalizer may choose from. Left to all of Python's codecs it takes a short Turkish
# text for iso8859_10 and a Greek one for koi8_r; among those that news was written in it does not.
_LEGACY = (
    *("cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257", "iso8859_2"),
    *("koi8_r", "cp874", "cp932", "euc_jp", "gb18030", "big5", "cp949", "mac_roman"),
)
# The letters beyond ASCII of the languages that are written in cp1252, one entry a language family.
_WESTERN = tuple(
    frozenset(letters)
    for letters in (
        "àâæçéèêëîïôœùûüÿ",  # French
        "äöüßé",  # German
        "áéíóúüñçàèïò",  # Spanish, Catalan
        "áâãàçéêíóôõú",  # Portuguese
        "àèéìíîòóùú",  # Italian
        "åäöéšžüõ",  # Swedish, Finnish, Estonian
        "æøåéèêòóôü",  # Danish, Norwegian
        "áéíóúýðþæö",  # Icelandic
        "áéèêëïíóöôüúûçà",  # Dutch, Afrikaans
    )
)
# "og³osi³o", "itÕs": letters of another encoding, decoded as cp1252.
_WEDGED = re.compile(r"[^\W\d_][¡-¶¸-¿×÷][^\W\d_]|[a-z][À-ÖØ-ÞŠŽŸ][a-z]")
_CONTROLS = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
# What a reader cannot see, and a word or an order can hide behind: directions, joiners and spaces without width, tags,
# selectors of variants. Persian and the scripts of India write with joiners, and a soft hyphen ends a line of a PDF.
_UNSEEN = re.compile(
    "[\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e0fff]"
    "|\u00ad(?!\\s|\\Z)|(?<![^\x00-\u024f])[\u200c\u200d]|[\u200c\u200d](?![^\x00-\u024f])"
)


class Unreadable(Exception):
    """A file or record that cannot become an article; `str(error)` is the reason, in plain words."""


def too_long() -> Unreadable:
    return Unreadable(f"longer than {MAX_ARTICLE_CHARS:,} characters, the limit for one article: split it")


@contextmanager
def one_at_most() -> Iterator[None]:
    """Costs one file or record at most: whatever nobody foresaw becomes Unreadable, and the others are read."""
    try:
        yield
    except (Unreadable, OSError, KeyboardInterrupt, SystemExit, GeneratorExit):
        raise
    except MemoryError as error:
        raise Unreadable("there is not enough memory to read it: split it") from error
    except BaseException as error:  # a panic in a library written in Rust is no Exception
        what = f"{type(error).__name__}: {error}"
        warnings.warn(what, UnforeseenWarning, stacklevel=3)
        raise Unreadable(f"cannot be read ({what}), a mistake of Dateline's: please report it with the file") from error


def read_bytes(path: Path, limit: int, over_limit: Unreadable) -> bytes:
    """All bytes of a regular file; raises `over_limit`, without reading, when they are more than `limit`."""
    status = path.stat()
    if not stat.S_ISREG(status.st_mode):
        raise Unreadable("not a regular file")
    if status.st_size > limit:
        raise over_limit
    with path.open("rb") as file:
        data = file.read(limit + 1)
    if len(data) > limit:  # it grew, or its size was not told
        raise over_limit
    if not data.strip():
        raise Unreadable("empty")
    return data


def read_text(path: Path) -> str:
    """The characters of a text file: byte-order mark dropped, newlines as they are."""
    return decode(read_bytes(path, 4 * MAX_ARTICLE_CHARS, too_long()))


def decode(data: bytes, declared: str | None = None) -> str:
    """The characters of `data`, without a byte-order mark; newlines stay as they are.

    UTF-8 if it is valid, or what a byte-order mark or `declared` says; a few bad bytes in UTF-8 become
    U+FFFD; else the encoding that charset-normalizer finds. Raises Unreadable for what is not text.
    """
    for mark, name in _BOMS:
        if data.startswith(mark):
            return legible(data.decode(name, errors="replace"))
    if b"\x00" in data:
        return legible(_decode_unmarked_utf16(data))
    text = _decode_declared(data, declared) or _decode_utf8(data) or _decode_legacy(data)
    if len(_CONTROLS.findall(text[:_SAMPLE])) > 0.02 * len(text[:_SAMPLE]):
        raise Unreadable("binary, not text")
    return legible(text)


def storable(text: str) -> str:
    """`text` with U+FFFD for what no database takes: NUL and lone surrogates. Offsets stay the same."""
    return _UNSTORABLE.sub("\ufffd", text)


def legible(text: str) -> str:
    """`text` as a database takes it, without the characters that nobody sees."""
    return _UNSEEN.sub("", storable(text))


def _decode_unmarked_utf16(data: bytes) -> str:
    """UTF-16 without its mark has a zero in every other byte (of its ASCII); anything else is binary."""
    even, odd = data[0::2].count(0), data[1::2].count(0)
    name = "utf-16-le" if odd > even else "utf-16-be"
    if len(data) % 2 or min(even, odd) or max(even, odd) < 0.1 * len(data):
        raise Unreadable("binary, not text")
    try:
        text = data.decode(name)
    except UnicodeDecodeError as error:
        raise Unreadable("binary, not text") from error
    if _CONTROLS.search(text):
        raise Unreadable("binary, not text")
    return text


def _decode_declared(data: bytes, declared: str | None) -> str | None:
    if not declared:
        return None
    try:
        return data.decode(declared)
    except (LookupError, ValueError):  # an unknown name, or a wrong declaration
        return None


def _decode_utf8(data: bytes) -> str | None:
    """The text if it is UTF-8, or UTF-8 with more good sequences than bad ones."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        pass
    text = data.decode("utf-8-sig", errors="replace")
    bad = text.count("\ufffd") - data.count("\ufffd".encode())
    good = len(text) - len(text.encode("ascii", errors="ignore")) - text.count("\ufffd")
    return text if good > bad else None


def _decode_legacy(data: bytes) -> str:
    western = _decode_declared(data, "cp1252")
    wedged = western is None or _WEDGED.search(western) is not None
    if western and not wedged and _is_western(western):
        return western
    # A sentence or two look alike in many encodings, and charset-normalizer does not know which are
    # common: “it’s” came out as Japanese. So it is asked only when the text is not plainly Western.
    from charset_normalizer import from_bytes

    candidates = _LEGACY[1:] if wedged else _LEGACY
    matches = from_bytes(data[:_SAMPLE], cp_isolation=list(candidates), enable_fallback=False)
    for match in sorted(matches, key=lambda match: _WEDGED.search(str(match)) is not None):
        return data.decode(match.encoding, errors="replace")
    return western or data.decode("utf-8", errors="replace")


def _is_western(text: str) -> bool:
    """Whether a text, decoded as cp1252, reads like a language that is written in cp1252."""
    letters = [c for c in text[:_SAMPLE].lower() if c.isalpha()]
    foreign = [c for c in letters if c > "\x7f"]
    if any(set(foreign) <= family for family in _WESTERN):
        return True
    return len(foreign) <= 0.03 * len(letters)  # English that names people of several countries
