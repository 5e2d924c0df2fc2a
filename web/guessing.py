"""Passwords are guessed slowly: few attempts for each name and address, and one at a time for all.

A name is never shut for everybody: whoever guesses at it shuts themselves out, not its owner, who comes from elsewhere.
"""

from __future__ import annotations

import hashlib
import math
import time
from collections import OrderedDict

import anyio.to_thread
from anyio import CapacityLimiter

from web.errors import TooManyGuesses
from web.users import Users

_WINDOW = 15 * 60.0
"""Seconds for which a failed attempt counts."""
_FOR_A_NAME, _FOR_ALL = 5, 20
"""How many may fail from one address in that time: for one name, and for all names together."""
_ADDRESSES = 10_000
"""How many are remembered; then the one that failed longest ago is forgotten."""
_WAITING = 32
"""How many may wait to be told whether they are right: a hash takes about 60 ms of a core, and 16 MB."""


class Attempts:
    """Those that failed, or are not decided yet. Belongs to one thread."""

    def __init__(self) -> None:
        self._failed: OrderedDict[str, list[tuple[float, bytes]]] = OrderedDict()  # by address: when, and whose

    def begin(self, name: str, address: str, now: float) -> None:
        """Counts one as failed, at `now` (seconds of a monotonic clock). Raises TooManyGuesses."""
        whose = _short(name)
        failed = [one for one in self._failed.get(address, []) if now - one[0] < _WINDOW]
        for counted, most in ((failed, _FOR_ALL), ([one for one in failed if one[1] == whose], _FOR_A_NAME)):
            if len(counted) >= most:
                raise TooManyGuesses(math.ceil(counted[0][0] + _WINDOW - now))
        self._failed[address] = [*failed, (now, whose)]
        self._failed.move_to_end(address)
        if len(self._failed) > _ADDRESSES:
            self._failed.popitem(last=False)

    def succeeded(self, name: str, address: str) -> None:
        """The last one was right: what failed for this name there is forgotten."""
        whose = _short(name)
        self._failed[address] = [one for one in self._failed.get(address, []) if one[1] != whose]
        if not self._failed[address]:
            del self._failed[address]

    def __len__(self) -> int:
        """How many addresses are remembered."""
        return len(self._failed)


class Doorkeeper:
    """Tells right passwords from wrong ones. Belongs to one event loop."""

    def __init__(self, users: Users) -> None:
        self._users = users
        self._attempts = Attempts()
        self._one = CapacityLimiter(1)

    async def is_right(self, name: str, password: str, address: str) -> bool:
        """Whether this is the user's password, as somebody at `address` says. Raises TooManyGuesses, StorageError."""
        if self._one.statistics().tasks_waiting >= _WAITING:
            raise TooManyGuesses(5)
        self._attempts.begin(name, address, time.monotonic())
        right = await anyio.to_thread.run_sync(self._look, name, password, limiter=self._one)
        if right:
            self._attempts.succeeded(name, address)
        return right

    def _look(self, name: str, password: str) -> bool:
        """Leaves the core to others for as long as the hash had it."""
        begun = time.monotonic()
        right = self._users.right(name, password)
        time.sleep(time.monotonic() - begun)
        return right


def _short(name: str) -> bytes:
    """What a name is remembered by, however long somebody makes it."""
    return hashlib.blake2b(name.encode("utf-8", "surrogatepass"), digest_size=16).digest()
