"""What a sentence stands on, with the real judge, and weights of the test's own."""

from collections.abc import Callable

import pytest
from evidence_helpers import evidence_set, statement

from rag.crossencoder import CrossEncoder
from rag.reply import Reply
from rag.support import Regression, Signals, Support
from rag.verify import Verifier, declines

LEADER = "The group HTS is led by Abu Mohammed al-Golani, who toured Aleppo on Wednesday."
HOMS = "The next target is likely to be the central city of Homs. It lies about 25 miles south of Hama."
LEFT = "The Syrian army said it had withdrawn from Hama after insurgents broke through on Thursday morning."
ASKED = "Who leads HTS?"
TOLD = "HTS is led by Abu Mohammed al-Golani."
TWO_FACTS = "Abu Mohammed al-Golani toured Aleppo, and Homs, 25 miles from Hama, is next."
FOUR = tuple(f"He met {one}." for one in ("Ana Tuva", "Borlo", "Quen", "Ysra"))
TRUSTING = Regression(9.0, {})
"""Whatever passes the literal check is shown."""
Made = Callable[..., Verifier]


@pytest.fixture(scope="module")
def verifier() -> Made:
    """verifier(reply, quote=weights)"""
    judge, evidence = CrossEncoder(), Regression(0.0, {"answers": 1.0, "search": 1.0})

    def made(reply: Reply, quote: Regression = TRUSTING) -> Verifier:
        return Verifier(reply, 0.5, Support(evidence, hopeless=0.1, draft=TRUSTING, quote=quote), judge)

    return made


@pytest.mark.parametrize(
    ("question", "sentence", "quotes", "cited"),
    [
        (ASKED, TOLD, (LEFT, LEADER, HOMS), {2}),
        ("How far is Homs from Hama?", "Homs is 25 miles south of Hama [2].", (LEADER, LEFT, HOMS), {3}),
        # each of two facts has its own statement
        ("Who toured Aleppo, and what is next?", TWO_FACTS, (LEFT, LEADER, HOMS), {2, 3}),
        # what no statement has is withheld with the reason
        (ASKED, "HTS is led by Vladimir Putin.", (LEADER, LEFT), "the name Vladimir is in no article found"),
        (ASKED, TOLD, (), "no article says it"),
        (ASKED, "HTS leads.", (LEADER,), "it says no more than the question"),
        (ASKED, "Ana Tuva, Borlo, Quen and Ysra spoke.", FOUR, "no two articles' words together say it"),
    ],
)
def test_a_sentence_stands_on_the_fewest_statements_that_have_all_it_names(
    verifier: Made, question: str, sentence: str, quotes: tuple[str, ...], cited: set[int] | str
) -> None:
    evidence = evidence_set([statement(quote, n, article=f"{n}.txt") for n, quote in enumerate(quotes, 1)])
    reply = Reply(question)
    verdict = verifier(reply).sentence(question, sentence, evidence)
    assert (verdict.reason or {item.number for item in verdict.cited}) == cited
    assert "[" not in verdict.text
    assert (verdict.cited, verdict.support) == ((), None) if verdict.reason else reply.verdicts == [verdict]


def test_what_the_signals_say_is_what_stands_in_the_quotes(verifier: Made) -> None:
    evidence = evidence_set([statement(LEADER, relevance=2.0), statement(LEFT, 2, article="b.txt", relevance=-2.0)])
    for sentence, relevance in ((TOLD, 2.0), ("The Syrian army of Hama leads sheep to market.", -2.0)):
        signals = verifier(Reply("")).sentence(ASKED, sentence, evidence, confidence=-0.5).signals
        assert signals and (signals.answers + signals.search, signals.confidence) == (relevance, -0.5)


def test_the_statement_that_most_likely_answers_is_quoted_if_it_is_likely_enough_and_can_be(verifier: Made) -> None:
    by_odds = Regression(0.0, {"answers": 9.0, "search": 9.0})
    strict = verifier(Reply(""), by_odds)
    caption = statement("HTS is led by Golani.", kind="caption", relevance=3.0)
    long = statement("HTS is led by Golani. " * 50, relevance=3.0)
    assert strict.quote(evidence_set([caption, long, statement(LEFT, relevance=-3.0)])) is None
    found = strict.quote(evidence_set([caption, statement(HOMS), statement(LEADER, relevance=2.0)]))
    assert found and (found.text, found.form) == (LEADER, "quote")


@pytest.mark.parametrize(("odds", "worth"), [(3.0, True), (-2.0, True), (-6.0, False)])
def test_what_is_unlikely_to_answer_is_not_worth_a_call(verifier: Made, odds: float, worth: bool) -> None:
    reply = Reply("")
    assert verifier(reply).worth_asking(evidence_set([statement(LEADER, relevance=odds)])) is worth
    assert reply.verdicts[0].signals == Signals(1.0, odds - 1.0)
    assert not verifier(reply).worth_asking(evidence_set([]))


def test_the_models_own_refusal_is_recognised() -> None:
    said = "Not stated.", "The statements do not provide the number.", "The army left Hama."
    assert [declines(text) for text in said] == [True, True, False]
