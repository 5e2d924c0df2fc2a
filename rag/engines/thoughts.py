"""Models that think in their text: `<think>…</think>` before the answer, where neither engine knows of it."""

from __future__ import annotations

from rag.errors import EngineError

_OPEN, _CLOSE = "<think>", "</think>"


class Thoughts:
    """Tells what a model thinks from what it says, piece by piece; thoughts stand only at the very beginning."""

    def __init__(self) -> None:
        self._held = ""
        self._said = False
        self.thought = False
        """Whether there were thoughts so far."""

    def without(self, piece: str) -> str:
        """What is said with `piece`; empty while the model thinks, or may be about to."""
        if self._said:
            return piece
        self._held += piece
        begun = self._held.lstrip()
        if begun.startswith(_OPEN):
            self.thought = True
            _, closed, begun = begun.partition(_CLOSE)
            begun = begun.lstrip()
            if not closed or not begun:
                return ""
        elif _OPEN.startswith(begun):
            return ""
        self._said = True
        return begun if self.thought else self._held

    def rest(self) -> str:
        """What was held back in vain: the text's end has come."""
        return "" if self._said or self.thought else self._held

    @property
    def alone(self) -> bool:
        """Whether nothing was said beside them."""
        return self.thought and not self._said


def may_open(text: str) -> bool:
    """Whether a text that begins like this is a thought: the first token of `<think>` may be all that there is."""
    begun = text.strip()
    return bool(begun) and (_OPEN.startswith(begun) or begun.startswith(_OPEN))


def thinks(model: str, instead: str) -> EngineError:
    """The error for a model that thought instead of answering; `instead` is what to do, in words."""
    return EngineError(f"Model {model!r} thinks before it answers, and cannot be told not to: {instead}")
