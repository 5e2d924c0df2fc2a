"""Do the citations say what the answer says, word for word, and at the right place?

Citation recall and precision are those of ALCE (Gao et al., "Enabling Large Language Models to Generate Text with
Citations", EMNLP 2023), with one difference: a citation whose number does not exist is a citation that supports
nothing, and does not take away the support that the sentence's other citations give it. Where ALCE asks a model
about every sentence, here the gold quote decides wherever it can, and the judge's stored word only where it can't."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from rapidfuzz.distance import Prefix

from evals.matching import matches, wrong_said
from evals.scorers.answer import refused, unscored
from evals.scorers.retrieval import by_fact, shortened
from evals.text import Quote, lacking, unframed, verbatim, words
from evals.types import Case, Outcome, Place, Score
from rag.types import Answer, Citation

_SAME_WORDS = 0.75  # two texts of equal length with so many words in common have a Jaccard index of 0.6
_Word = tuple[bool | None, str]  # whether some citations support a sentence (None: nobody can tell), and who says so
_Stands = tuple[str, Place]  # a gold quote and where it stands


def citations(case: Case, outcome: Outcome) -> list[Score]:
    """The four scores of an answer's citations; none for a refusal, which is judged elsewhere.

    `citation_recall`: share of the answer's sentences that what they cite fully supports; 0 for one that cites nothing.
    `citation_precision`: share of the citations, counted for each sentence, that support it and are needed: all of its
    citations together support it, and this one does so alone or the others do not without it.
    `quote_exact`: share of the citations whose quote is, character for character, what the article has there.
    `gold_cited`: share of the facts of which a gold quote is covered, in answerable cases that have gold quotes: half
    of its characters are cited, or three quarters of its content words in articles known to carry the same words.
    Precision and exactness do not apply to an answer that cites nothing."""
    quoted = case.answerable and any(gold.quote is not None for gold in case.evidence)
    answer = outcome.answer
    if answer is None:
        names = ["citation_recall", "citation_precision", "quote_exact", *(["gold_cited"] if quoted else [])]
        # a run of searches alone has neither answer nor error
        return [unscored(name, outcome) for name in names] if outcome.error is not None else []
    if refused(answer):
        return []
    supported, counted = dict[str, _Word](), dict[str, _Word]()
    for number, (sentence, cited) in enumerate(zip(answer.sentences, _cited(answer), strict=True)):
        what = f"sentence {number + 1}"
        word = _word(case, outcome, number, cited) if cited else (False, "it cites nothing that exists")
        supported[f"{what} {_marks(sentence.citations)}".rstrip()] = word
        for one in sentence.citations:
            counted[f"[{one}] of {what}"] = _counts(case, outcome, number, cited, one)
    return [
        *_share("citation_recall", supported, ("supported", "not supported")),
        *_share("citation_precision", counted, ("supports", "does not count")),
        *_exact(answer.citations, outcome.stood),
        *([_gold_cited(case, outcome, answer)] if quoted else []),
    ]


def needed_judgements(case: Case, outcome: Outcome) -> list[tuple[int, tuple[int, ...]]]:
    """The (sentence, citations) that a judge must be asked about before recall and precision can be scored. Citations
    are ascending. Nothing if the system refused or failed, and nothing that gold decides."""
    answer, needed = outcome.answer, list[tuple[int, tuple[int, ...]]]()
    for number, cited in enumerate(_cited(answer) if answer and not refused(answer) else ()):
        groups = [cited] if cited else []  # all of a sentence, each alone, and, where that is open, all the others
        for one in cited if len(cited) > 1 else ():
            if not decided_by_gold(case, outcome, number, (one,)):
                groups += [(one,), _without(cited, one)]
        open_ones = (
            group
            for group in dict.fromkeys(groups)
            if not (decided_by_gold(case, outcome, number, group) or _is_quote(outcome, number, group))
        )
        needed += [(number, group) for group in open_ones]
    return needed


def decided_by_gold(case: Case, outcome: Outcome, sentence: int, citations: Sequence[int]) -> bool:
    """Whether the gold evidence shows that `citations` (numbers) together support sentence `sentence` (from 0). They do
    if the sentence says an accepted answer and they cover a gold quote of every fact. False means only that this can't
    tell. A sentence that also states a known wrong answer, or has a number, a date or a name that neither the question,
    the accepted answers nor these citations have, says more than the gold evidence vouches for."""
    answer, facts = outcome.answer, _facts(case, outcome)
    if answer is None or not case.answerable or not facts:
        return False
    text = unframed(answer.sentences[sentence].text)
    cited = [citation for citation in answer.citations if citation.number in citations]
    asked = "\n".join([case.question, *(string for entry in case.accepted for string in entry)])
    vouched = [Quote(asked), *(Quote(f"{one.title}\n{one.quote}", one.date) for one in cited)]
    covered = all(_covers(fact, cited, outcome.stood) for fact in facts)
    return covered and bool(matches(text, case)) and not wrong_said(text, case) and lacking(text, vouched) is None


def _is_quote(outcome: Outcome, sentence: int, citations: Sequence[int]) -> bool:
    """Whether the sentence is the very words of one of these citations, as its article has them."""
    answer = outcome.answer
    cited = [one for one in answer.citations if one.number in citations] if answer else []
    quotes = [Quote(f"{one.title}\n{outcome.stood.get(one.number, '')}", one.date) for one in cited]
    return answer is not None and verbatim(answer.sentences[sentence].text, quotes)


def _word(case: Case, outcome: Outcome, sentence: int, citations: tuple[int, ...]) -> _Word:
    """The one place where support is decided: gold and the quote's own words first, then the stored judge."""
    if decided_by_gold(case, outcome, sentence, citations):
        return True, "it gives the accepted answer and cites the gold quote"
    if _is_quote(outcome, sentence, citations):
        return True, "it is the quote, word for word"
    for support in outcome.support:
        if support.sentence == sentence and set(support.citations) == set(citations):
            return support.supported, support.reason
    return None, "no judge was asked"


def _counts(case: Case, outcome: Outcome, sentence: int, cited: tuple[int, ...], citation: int) -> _Word:
    """Whether `citation` counts for precision, and why."""
    if citation not in cited:
        return False, "there is no such citation"
    together, why = _word(case, outcome, sentence, cited)
    if not together or len(cited) == 1:
        return together, why
    alone, why = _word(case, outcome, sentence, (citation,))
    if alone:
        return alone, why
    others, why_others = _word(case, outcome, sentence, _without(cited, citation))
    beside = f"needed beside {_marks(_without(cited, citation))}"
    if others is False:
        return True, beside  # whatever it says by itself
    if alone is None or others is None:
        return None, f"alone: {why}; the others without it: {why_others}"
    return False, f"not {beside}: {why}"


def _cited(answer: Answer) -> list[tuple[int, ...]]:
    """For each sentence, the citations of it that exist, ascending."""
    known = {citation.number for citation in answer.citations}
    return [tuple(sorted(known & set(sentence.citations))) for sentence in answer.sentences]


def _without(cited: tuple[int, ...], number: int) -> tuple[int, ...]:
    return tuple(other for other in cited if other != number)


def _share(name: str, words_on: Mapping[str, _Word], said: tuple[str, str]) -> Iterator[Score]:
    """The share of what is judged that is good; None as soon as the word on one is unknown. None of nothing."""
    unknown = [f"{what}: {why}" for what, (good, why) in words_on.items() if good is None]
    each = [f"{what} {said[0] if good else said[1]}: {why}" for what, (good, why) in words_on.items()]
    right = sum(bool(good) for good, _ in words_on.values())
    if unknown:
        yield Score(name, None, "not judged: " + "; ".join(unknown))
    elif words_on:
        yield Score(name, right / len(words_on), f"{right} of {len(words_on)}: " + "; ".join(each))


def _exact(citations: Sequence[Citation], stood: Mapping[int, str]) -> Iterator[Score]:
    unseen = [citation.number for citation in citations if citation.number not in stood]
    if unseen:
        yield Score("quote_exact", None, f"nobody looked up what stands at {_marks(unseen)}")
    elif citations:
        # an empty quote is no quote, wherever it stands
        wrong = [one for one in citations if not one.quote or one.quote != stood[one.number]]
        told = f"{len(citations) - len(wrong)} of {len(citations)} quotes are exact"
        for first in wrong[:1]:
            stands = stood[first.number]
            start = max(0, Prefix.similarity(first.quote, stands) - 20)
            told += f"; [{first.number}] says {shortened(first.quote, start)}, the article {shortened(stands, start)}"
        yield Score("quote_exact", 1 - len(wrong) / len(citations), told)


def _gold_cited(case: Case, outcome: Outcome, answer: Answer) -> Score:
    facts = _facts(case, outcome, quoted_only=True)
    located = [fact for fact in facts if fact]
    if not located:
        return Score("gold_cited", None, "no gold quote stands in its article")
    missed = [fact[0] for fact in located if not _covers(fact, answer.citations, outcome.stood)]
    told = f"{len(located) - len(missed)} of {len(located)} gold quotes are cited"
    told += f" ({len(facts) - len(located)} more not found in the articles)" if len(located) < len(facts) else ""
    for quote, place in missed[:1]:
        cited = ", ".join(f"[{one.number}] {one.article} {one.start}-{one.end}" for one in answer.citations)
        told += f"; {shortened(quote)} ({place.article} {place.start}-{place.end}) is not; cited: {cited or 'nothing'}"
    return Score("gold_cited", 1 - len(missed) / len(located), told)


def _facts(case: Case, outcome: Outcome, *, quoted_only: bool = False) -> list[list[_Stands]]:
    """For each fact, in order, its gold quotes that were found in the articles: any of them says it. A fact without one
    is an empty list. `quoted_only` leaves out facts for which only articles are named."""
    return [
        [(gold.quote, place) for gold, place in fact if gold.quote and place and place.end > place.start]
        for fact in by_fact(case, outcome, quoted_only=quoted_only)
    ]


def _covers(fact: Sequence[_Stands], cited: Sequence[Citation], stood: Mapping[int, str]) -> bool:
    """Whether half of a gold quote is cited, or other articles that are known to carry its words where they do."""
    for quote, gold in fact:
        inside = [one for one in cited if one.article == gold.article]  # each may have a part of it
        here = set().union(*(range(max(one.start, gold.start), min(one.end, gold.end)) for one in inside))
        beside = [one for one in cited if one not in inside and gold.article in one.carriers]
        # what the article says, should the quote be made up
        copied = words(quote) & words("\n".join(stood.get(one.number, one.quote) for one in beside))
        if 2 * len(here) >= gold.end - gold.start or len(copied) >= _SAME_WORDS * max(1, len(words(quote))):
            return True
    return False


def _marks(numbers: Iterable[int]) -> str:
    return "".join(f"[{number}]" for number in numbers)
