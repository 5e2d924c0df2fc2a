"""The connections on which an engine is waited for: whoever has them can cut them, from any thread."""

from __future__ import annotations

from index.network import Sockets
from rag.errors import Stopped


class Connections(Sockets):
    """The sockets of one question's requests. Once they have been cut, no request begins any more."""

    def check(self) -> None:
        """Raises Stopped if they have been cut."""
        if self.over:
            raise Stopped
