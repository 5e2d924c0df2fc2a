"""What a reader is told when the articles do not answer."""

import re
from collections.abc import Sequence
from textwrap import shorten

from rag.days import spell
from rag.evidence import Evidence, EvidenceSet
from rag.names import find_names, name_stands_in
from rag.reply import Reply, cites_nothing, with_numbers
from rag.types import AnswerSentence
from rag.wording import quoted

REFUSAL = "The articles do not answer"
"""So every refusal begins; then comes the question as it was looked for."""
_LISTED = "You can count, order and search the articles themselves on the page “Articles” (`dateline ui`)."
_LONGEST = 200  # characters of a question that is said again
_RELATED = -5.0  # log-odds of answering that a statement must have to be shown as related
_OF_ARTICLES = re.compile(
    r"\b(?:how many|which|what|list|count|latest|newest|oldest|first|last)\b(?: \w+){0,4}? articles?\b(?! (?:of\b|\d))",
    re.IGNORECASE,
)


def refuse(reply: Reply) -> str:
    """The refusal's text: the question, what is never mentioned, and what the articles say instead, cited.

    What they say instead is put into the reply: it is related, and no answer. A question about the articles themselves
    is told where they are listed.
    """
    asked = cites_nothing(shorten(reply.standalone, _LONGEST, placeholder=" …"))
    text = f"{REFUSAL} “{asked}”{'' if asked.endswith(('.', '?', '!', '…')) else '.'}"
    if any(map(_OF_ARTICLES.search, reply.unanswered)):
        return f"{text} {_LISTED}"
    names = find_names(reply.standalone, question=True)
    absent = (name for evidence in reply.evidence for name in evidence.missing_names)
    if missing := list(dict.fromkeys(_in_full(name, names, reply.standalone) for name in absent)):
        listed = f"{', '.join(missing[:-1])} or {missing[-1]}".removeprefix(" or ")
        text += f" The passages found do not mention {listed}."
    if item := _instead(names, reply.evidence):
        day = f", on {spell(item.date)}" if item.date else ""
        said = f"of {_in_full(names[-1], names, reply.standalone)} they say{day}: {quoted(item.quote, item.date)}"
        sentence = AnswerSentence(said, (reply.cite(item),), 1.0)
        reply.sentences.append(sentence)
        text += f" Nearest, but no answer: {with_numbers(sentence)}"
    return text


def _instead(names: Sequence[str], evidence: Sequence[EvidenceSet]) -> Evidence | None:
    """The statement that comes nearest to an answer and is about the last of the question's `names`, if there is one.

    A false premise ("When did the insurgents capture Homs?") is answered by what is said of the same name.
    """
    near = [
        item
        for found in evidence
        if names and not found.missing_names  # else it is not about what was asked
        for item in found.pool
        if item.odds >= _RELATED
        and name_stands_in(names[-1], item.quote)  # it is told as being said of it
        and all(name_stands_in(one, f"{item.title}\n{item.quote}") for one in names)
    ]
    return max(near, key=lambda item: item.odds, default=None)


def _in_full(name: str, names: Sequence[str], question: str) -> str:
    """`name` with the names beside it in the question: "Hong Kong" of "Kong"."""
    other = "|".join(map(re.escape, names))
    found = re.search(rf"\b(?:(?:{other}) )*{re.escape(name)}(?: (?:{other}))*\b", question)
    return found[0] if found else name
