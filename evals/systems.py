"""The systems that the evals run, by name."""

from collections.abc import Sequence
from typing import cast

from evals.peers import Bm25Top, CitationEngine, ClosedBook, LlamaIndexArticles, Over, VectorEngine
from evals.types import Case, System
from rag import Assistant
from rag.errors import SettingsError
from rag.question import Message
from rag.types import Answer


class Dateline(Over):
    """Dateline itself."""

    name = "dateline"
    about = "Dateline, as `dateline ask` answers"

    def answer(self, case: Case) -> Answer:
        """See `System.answer`."""
        history = cast("Sequence[Message]", case.history)
        return self._assistant.ask(case.question, history, as_of=case.as_of, exclude=case.exclude, length=case.length)


SYSTEMS = (Dateline.name, CitationEngine.name, VectorEngine.name, ClosedBook.name, Bm25Top.name)


def build(names: Sequence[str], assistant: Assistant) -> list[System]:
    """The systems of these names, in this order, each once: all over the assistant's articles, with its engine. Loads
    and embeds nothing yet. Raises SettingsError for a name that is not one of `SYSTEMS`."""
    if unknown := [name for name in names if name not in SYSTEMS]:
        raise SettingsError(f"There is no system {unknown[0]!r} to evaluate: choose from {', '.join(SYSTEMS)}.")
    both = assistant, LlamaIndexArticles(assistant)
    systems = Dateline(assistant), CitationEngine(*both), VectorEngine(*both), ClosedBook(assistant), Bm25Top(assistant)
    return sorted((one for one in systems if one.name in names), key=lambda one: names.index(one.name))
