"""The public names: other programs rely on them. Add freely; remove nothing."""

import rag
from rag.types import Answer


def test_the_public_names_are_locked() -> None:
    assert set(rag.__all__) >= {
        "Answer", "AnswerDone", "AnswerSentence", "Article", "Assistant", "Citation", "DatelineError", "Event",
        "EvidenceFound", "Hit", "Passage", "SentenceChecked", "SyncReport", "TextDelta", "Withheld",
    }  # fmt: skip
    assert all(hasattr(rag, name) for name in rag.__all__)


def test_an_answer_has_the_fields_of_the_contract() -> None:
    empty = Answer("q", "q", "t", True, (), (), (), (), (), "embedded", "m", "s").to_dict()
    assert list(empty) == [
        "question", "standalone_question", "text", "abstained", "sentences", "withheld", "citations", "hits", "notes",
        "engine", "model", "settings", "usage", "timings",
    ]  # fmt: skip
    assert list(empty["usage"]) == ["prompt_tokens", "cached_tokens", "completion_tokens"]
    assert list(empty["timings"]) == ["search", "first_token", "total", "checking"]


def test_the_assistant_has_the_methods_of_the_contract() -> None:
    assert all(callable(getattr(rag.Assistant, name)) for name in ("index", "ask", "stream", "search", "article"))
