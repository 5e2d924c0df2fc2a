"""The one place in which llama.cpp reads prompts, and what stays read in it and beside it.

Numbers are rounded by what is read together. So every prompt is read in the same pieces, whether they are new or stay
read from before: its head, which is all that stands before the words of its last message, and then whole batches. The
same prompt gets the same words, whatever came before it.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from rag.engines.connections import Connections
from rag.engines.llama_server import BATCH, LlamaServer
from rag.errors import EngineError

_LOOK = 0.05
"""Seconds between two looks whether whoever waits for a turn was called off."""
Chat = Sequence[dict[str, str]]


class Slot:
    """Safe to use from several threads: they take turns at the `server`."""

    def __init__(self, server: LlamaServer) -> None:
        self.server = server
        self._turn = threading.Lock()
        self._heads: dict[str, list[int]] = {}
        """The tokens of each head, by the messages before the last; a copy of it read lies beside the slot."""
        self._holds: list[int] = []
        """All tokens that the slot holds, if these are a head and whole batches; else none are known."""

    def chat(
        self, request: dict[str, Any], connections: Connections | None, *, in_pieces: bool
    ) -> Iterator[dict[str, Any]]:
        """The events of a chat completion. Not `in_pieces`, it goes on from any token that the slot holds."""
        with self._my_turn(connections):
            if in_pieces:
                tokens = self.server.tokens(request["messages"], connections)
                request |= {"cache_prompt": self._go_back(request["messages"], tokens, connections)}
            self._holds = []
            events = self.server.chat(request, connections)
            first = next(events, {})  # it has the slot
        yield first
        yield from events

    def read_ahead(self, beginning: Chat, connections: Connections | None) -> None:
        """Reads what is alike in all prompts that begin like this, piece by piece.

        Ends within a piece if `connections` are cut: with Stopped, or EngineInterrupted.
        """
        tokens = self._alike(beginning, " and", connections)
        with self._my_turn(connections):
            head = len(self._head(beginning, connections))
        for end in range(head + BATCH, len(tokens) + 1, BATCH):
            with self._my_turn(connections):
                if self._holds[:end] != tokens[:end]:
                    known = self._go_back(beginning, tokens[:end], connections)
                    self._read(tokens[:end], known, connections)

    def _go_back(self, messages: Chat, tokens: list[int], connections: Connections | None) -> bool:
        """Has the slot hold nothing but pieces that `tokens` begin with; False if not even the head is alike."""
        head = self._head(messages, connections)
        if self._holds and self._holds == tokens[: len(self._holds)] != tokens:
            return True
        if not head or head != tokens[: len(head)] or head == tokens:
            return False
        self._holds = []
        try:
            self.server.go_back(_name(head), connections)
        except EngineError:  # somebody has tidied up; if it is worse than that, this fails too
            self._read(head, False, connections)
        return True

    def _head(self, messages: Chat, connections: Connections | None) -> list[int]:
        before = json.dumps(messages[:-1])
        if before not in self._heads:
            head = self._alike([*messages[:-1], messages[-1] | {"content": ""}], "A", connections)
            if head:
                self._read(head, False, connections)
                self.server.keep(_name(head), connections)
            self._heads[before] = head
        return self._heads[before]

    def _alike(self, messages: Chat, more: str, connections: Connections | None) -> list[int]:
        """The tokens that these begin with whether or not `more` stands behind their last."""
        longer = [*messages[:-1], messages[-1] | {"content": messages[-1]["content"] + more}]
        one, two = (self.server.tokens(each, connections) for each in (messages, longer))
        same = next((at for at, pair in enumerate(zip(one, two, strict=False)) if pair[0] != pair[1]), len(one))
        return one[:same]

    def _read(self, tokens: list[int], known: bool, connections: Connections | None) -> None:
        self._holds = []
        self.server.read(tokens, known, connections)
        self._holds = tokens

    @contextmanager
    def _my_turn(self, connections: Connections | None) -> Iterator[None]:
        while not self._turn.acquire(timeout=_LOOK):
            if connections:
                connections.check()
        try:
            yield
        finally:
            self._turn.release()


def _name(tokens: Sequence[int]) -> str:
    """Of a file."""
    return f"head{hash(tuple(tokens)):x}"
