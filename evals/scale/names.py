"""Invented proper names in any number, met as often as names are in news.

Real names follow a Zipf-Mandelbrot law: few are everywhere, most are met once, and new ones never end. The
vocabulary of an archive of them grows as a power of its length (Heaps' law)."""

from collections.abc import Sequence
from functools import lru_cache
from random import Random

# a word can be taken apart in one way only, so that no two ranks have one name
_ONSETS = "b br c ch d dr f fr g gr h j k kl l m n p pr r s sh st t tr v w y z".split()
_RIMES = "a al an ar e el en er i in ir o ol on or u un ur ay".split()
_CODAS = ["", "", "d", "ck", "gh", "ll", "m", "rt", "s", "ska", "th", "v", "ville"]
_SYLLABLES = len(_ONSETS) * len(_RIMES)
_SCATTER = 0x9E3779B1  # prime, so that neighbours in rank look nothing alike
_LONGEST = 4
POOL = 60_000_000
"""Invented names that are drawn have ranks below; those beyond are free for what is to stand in one place only."""
_FLAT = 30.0  # how much flatter than Zipf's the law is among the commonest names (Mandelbrot's constant)
_TAIL = -1 / 0.3  # of n names drawn about n ** (1 / 1.3) are different


class Names:
    """Words for names: those `known` first, commonest first, and behind them as many invented ones as are drawn."""

    def __init__(self, known: Sequence[str]) -> None:
        self._known = known

    def draw(self, random: Random) -> str:
        """One as it may stand in an article."""
        rank = int(_FLAT * (random.random() ** _TAIL - 1))
        return self._known[rank] if rank < len(self._known) else invented((rank - len(self._known)) % POOL)


@lru_cache(maxsize=100_000)
def invented(rank: int) -> str:
    """The invented name of this rank, 0 and up: each has its own, the longer the higher the rank."""
    length, size = 2, _SYLLABLES**2
    while rank >= size and length < _LONGEST:
        rank, length, size = rank - size, length + 1, size * _SYLLABLES
    rank = rank * _SCATTER % size
    coda = _CODAS[rank % len(_CODAS)]
    syllables = list[str]()
    for _ in range(length):
        rank, place = divmod(rank, _SYLLABLES)
        onset, rime = divmod(place, len(_RIMES))
        syllables.append(_ONSETS[onset] + _RIMES[rime])
    return ("".join(syllables) + coda).capitalize()
