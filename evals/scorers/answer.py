"""Is the answer right? Was what the articles do not answer refused, and only that? And what did the answer cost?"""

import math

from evals.matching import given, matches, quoted, token_f1, wrong_said
from evals.refusing import reads_as_refusal
from evals.text import STOPWORDS, keys
from evals.types import Case, Outcome, Score
from index.split import split_sentences
from rag.types import Answer

_ALWAYS = ("first_token_ms", "total_ms", "prompt_tokens", "cached_tokens", "completion_tokens")
_TELLING = 5  # words that a sentence must have to repeat something
_MOSTLY = 0.8  # of a sentence's words that others have said, from which it repeats them
_Judged = tuple[float | None, str]


def answers(case: Case, outcome: Outcome) -> list[Score]:
    """Of answerable cases: `correct`, 1 if the answer says an accepted one, else 0; `f1`, its token F1 with the nearest
    of them; `answers_given`, where several are valid, the share of them that it gives. A refusal is 0. Of cases with
    known wrong answers: `wrong_stated`, 1 if one of them is stated (less is better); a refusal states none. Of full
    answers: `repeated`, the share of sentences, or quotes, in which one adds few words to those before it (less is
    better)."""
    named = case.answerable and bool(case.accepted)
    full = case.length == "full"
    known = {_correct: case.answerable and not full, _f1: named and not full, _wrong_stated: case.wrong}
    known |= {_answers_given: named and case.several}
    scorers = {scorer.__name__[1:]: scorer for scorer, applies in known.items() if applies}
    answer = outcome.answer
    if answer is None:
        return [unscored(name, outcome) for name in scorers]
    if refused(answer):
        told = {"wrong_stated": "refused, and so states none of the wrong answers"}
        return [Score(name, 0.0, told.get(name, "refused, though the articles answer it")) for name in scorers]
    scores = [Score(name, *scorer(answer.text, case)) for name, scorer in scorers.items()]
    return [*scores, Score("repeated", *_repeated(answer))] if full else scores


def _correct(text: str, case: Case) -> _Judged:
    if not (case.accepted or case.patterns):
        return None, "the case names no accepted answer"
    match = matches(text, case)
    return float(match.right), match.explanation


def _f1(text: str, case: Case) -> _Judged:
    entries = list(case.accepted)
    if case.several:  # the answer that gives them all is one to compare with too
        entries.append(tuple(string for entry in case.accepted for string in entry))
    value, nearest = max(((token_f1(text, entry), entry) for entry in entries), key=lambda pair: pair[0])
    return value, f"nearest to {quoted(' and '.join(nearest))}" if value else "shares no word with an accepted answer"


def _answers_given(text: str, case: Case) -> _Judged:
    said = given(text, case) if matches(text, case) else [False] * len(case.accepted)
    missing = [quoted(" and ".join(entry)) for entry, is_said in zip(case.accepted, said, strict=True) if not is_said]
    lacks = f", lacks {', '.join(missing)}" if missing else ""
    return sum(said) / len(said), f"gives {sum(said)} of {len(said)}{lacks}"


def _wrong_stated(text: str, case: Case) -> _Judged:
    found = wrong_said(text, case)
    if found is None:
        return None, "every wrong answer of this case is also an accepted one"
    told = f"states {', '.join(map(quoted, found))}, which is wrong" if found else "states none of the wrong answers"
    return float(bool(found)), told


def _repeated(answer: Answer) -> _Judged:
    before, repeated = set[str](), list[str]()
    for told in answer.sentences:
        spans, repeats = split_sentences(told.text), False
        for span in spans:
            said = set(keys(told.text[span.start : span.end])) - STOPWORDS
            repeats |= len(said) >= _TELLING and len(said & before) >= _MOSTLY * len(said)
            before |= said
        if repeats:
            repeated.append(quoted(told.text))
    count = len(answer.sentences)
    return len(repeated) / max(1, count), f"{len(repeated)} of {count} repeat what was said: {'; '.join(repeated[:2])}"


def refused(answer: Answer) -> bool:
    """Whether the system declined to answer: it says so itself (`abstained`), or its text does. Decided only here."""
    return answer.abstained or reads_as_refusal(answer.text)


def unscored(name: str, outcome: Outcome) -> Score:
    """The score of a system that failed: it gave no answer to judge."""
    return Score(name, None, f"failed: {outcome.error or 'no reason given'}")


def refusals(case: Case, outcome: Outcome) -> list[Score]:
    """`refusal_recall`: of an unanswerable case, 1 if refused, and `answered_unanswerable` (less is better) 1 if not;
    `refused_answerable` (less is better): of an answerable case, 1 if refused. `refusal_precision`: of a refusal, 1 if
    the articles indeed do not answer; its mean is the share of refusals that were right."""
    answer = outcome.answer
    declined = answer is not None and refused(answer)
    values = {"refusal_recall": declined, "answered_unanswerable": not declined}
    values = {"refused_answerable": declined} if case.answerable else values
    if answer is None:
        return [unscored(name, outcome) for name in values]
    values |= {"refusal_precision": not case.answerable} if declined else {}
    did, articles = "refused" if declined else "answered", "the articles answer it"
    articles = articles if case.answerable else "the articles do not answer it"
    # what is as it should be is put forward as a fact, what is not as in spite of it
    told = f"{articles}, and it {did}" if declined != case.answerable else f"{did}, though {articles}"
    text = quoted(answer.text) if answer.text.strip() else "an empty answer"
    return [Score(name, float(value), f"{told}: {text}") for name, value in values.items()]


def cost(case: Case, outcome: Outcome) -> list[Score]:
    """Of a refusal too: `first_token_ms` and `total_ms` from the question's arrival; `checking_ms` for a sentence;
    `prompt_tokens` (`cached_tokens` of them not read again) and `completion_tokens` over all calls of the model;
    `memory_mb`, the process's largest so far, with what Ollama holds its model in."""
    scores = [unscored(name, outcome) for name in _ALWAYS] if outcome.error is not None else []
    measured = [("memory_mb", outcome.memory_mb, "MB of resident memory at most")]
    if answer := outcome.answer:
        timings, usage = answer.timings, answer.usage
        measured += [
            # no first token: the model wrote nothing, which takes no time at all
            ("first_token_ms", timings.first_token, "ms until the model's first character"),
            ("total_ms", timings.total, "ms until the whole answer"),
            ("checking_ms", timings.checking, "ms to check a sentence"),
        ]
        # no call of the model costs no tokens; but one that wrote has read something
        counted = timings.first_token is None or usage.prompt_tokens > 0
        for name, tokens, what in (
            ("prompt_tokens", usage.prompt_tokens, "tokens in the prompts"),
            ("cached_tokens", usage.cached_tokens, "of them kept from before"),
            ("completion_tokens", usage.completion_tokens, "tokens written"),
        ):
            told = f"{tokens} {what}" if counted else "the model wrote, and nobody counted its tokens"
            scores.append(Score(name, float(tokens) if counted else None, told))
    for name, value, what in measured:
        if value is not None:
            sound = math.isfinite(value) and value > 0
            told = f"{value:,.0f} {what}" if sound else f"was not measured: {value:g}"
            scores.append(Score(name, value if sound else None, told))
    return scores
