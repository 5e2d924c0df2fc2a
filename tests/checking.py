"""An assistant that lets no answer of the test suite pass with a citation that is not exact."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from rag import Answer, AnswerDone, Assistant, Event


def assert_sound(assistant: Assistant, answer: Answer) -> None:
    """What holds for every answer: quotes are the article's characters, numbers run 1, 2, … and are used."""
    for citation in answer.citations:
        assert assistant.article(citation.article).text[citation.start : citation.end] == citation.quote
        assert citation.article in citation.carriers
    for passage in (hit.passage for hit in answer.hits):
        assert assistant.article(passage.article).text[passage.start : passage.end] == passage.text
    numbers = [citation.number for citation in answer.citations]
    used = dict.fromkeys(number for sentence in answer.sentences for number in sentence.citations)
    assert list(used) == numbers == list(range(1, len(numbers) + 1))
    assert all(sentence.citations for sentence in answer.sentences)
    if not answer.abstained:
        assert sorted(map(int, set(re.findall(r"\[(\d+)\]", answer.text)))) == numbers
        assert answer.sentences
    assert answer.engine in ("ollama", "openai", "embedded") and answer.model


class CheckedAssistant(Assistant):
    """`Assistant`, checked: use it in every test that asks."""

    def stream(self, *arguments: Any, **options: Any) -> Iterator[Event]:
        for event in super().stream(*arguments, **options):
            if isinstance(event, AnswerDone):
                assert_sound(self, event.answer)
            yield event
