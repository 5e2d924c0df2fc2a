"""What a sentence stands on and how likely it is right, with the real judge; which sentence answers, as it says."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

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
JUDGE = CrossEncoder()
TRUSTING = Regression(9.0, {})
"""Whatever passes the literal check is shown."""


def verifier(reply: Reply | None = None, quote: Regression = TRUSTING) -> Verifier:
    evidence = Regression(0.0, {"answers": 1.0, "search": 1.0})
    return Verifier(reply or Reply(""), 0.5, Support(evidence, hopeless=0.1, draft=TRUSTING, quote=quote))


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
    question: str, sentence: str, quotes: tuple[str, ...], cited: set[int] | str
) -> None:
    evidence = evidence_set([statement(quote, n, article=f"{n}.txt") for n, quote in enumerate(quotes, 1)])
    reply = Reply(question)
    verdict = verifier(reply).sentence(question, sentence, evidence)
    assert (verdict.reason or {item.number for item in verdict.cited}) == cited
    assert "[" not in verdict.text
    assert (verdict.cited, verdict.support) == ((), None) if verdict.reason else reply.verdicts == [verdict]


def test_what_the_signals_say_is_what_stands_in_the_quotes() -> None:
    evidence = evidence_set([statement(LEADER, relevance=2.0), statement(LEFT, 2, article="b.txt", relevance=-2.0)])
    for sentence, relevance in ((TOLD, 2.0), ("The Syrian army of Hama leads sheep to market.", -2.0)):
        signals = verifier().sentence(ASKED, sentence, evidence, confidence=-0.5).signals
        assert signals and (signals.answers + signals.search, signals.confidence) == (relevance, -0.5)


def test_the_statement_that_most_likely_answers_is_quoted_if_it_is_likely_enough_and_can_be() -> None:
    strict = verifier(quote=Regression(0.0, {"answers": 9.0, "search": 9.0}))
    caption = statement("HTS is led by Golani.", kind="caption", relevance=3.0)
    long = statement("HTS is led by Golani. " * 50, relevance=3.0)
    assert strict.quote(evidence_set([caption, long, statement(LEFT, relevance=-3.0)])) is None
    found = strict.quote(evidence_set([caption, statement(HOMS), statement(LEADER, relevance=2.0)]))
    assert found and (found.text, found.form) == (LEADER, "quote")


@pytest.mark.parametrize(("odds", "worth"), [(3.0, True), (-2.0, True), (-6.0, False)])
def test_what_is_unlikely_to_answer_is_not_worth_a_call(odds: float, worth: bool) -> None:
    reply = Reply("")
    assert verifier(reply).worth_asking(evidence_set([statement(LEADER, relevance=odds)])) is worth
    assert reply.verdicts[0].signals == Signals(1.0, odds - 1.0)
    assert not verifier(reply).worth_asking(evidence_set([]))


def test_the_models_own_refusal_is_recognised() -> None:
    said = "Not stated.", "The statements do not provide the number.", "The army left Hama."
    assert [declines(text) for text in said] == [True, True, False]


# the weights that make a probability of the signals


def test_the_weights_that_come_with_dateline_know_good_from_bad_and_others_have_another_fingerprint() -> None:
    support, good, bad = Support.load(), Signals(7.0, confidence=-0.05), Signals(-7.0, confidence=-0.8)
    for weights, least in ((support.draft, 0.5), (support.quote, 0.5), (support.evidence, support.hopeless)):
        assert weights.probability(bad) < least < weights.probability(good)
    assert support.fingerprint() == Support.load().fingerprint()
    assert support.fingerprint() != replace(support, hopeless=support.hopeless + 0.01).fingerprint()


def test_a_logistic_regression_is_what_it_says_of_signals_that_there_are() -> None:
    weights = Regression.of({"bias": -1.0, "answers": 0.5})
    assert weights.probability(Signals(answers=2.0)) == 0.5
    assert weights.probability(Signals(answers=-1000.0)) < 1e-20
    with pytest.raises(ValueError, match="no such signal: vibes"):
        Regression.of({"bias": 0.0, "vibes": 1.0})


# the judge


QUESTION = "Who runs the harbour of Lenn?"
BUILT = "The harbour of Lenn was built in 1911, and forty ships lie there today."
RUNS = "Ana Torp, an engineer, has run the harbour of Lenn since last spring."
SENTENCES = [RUNS, BUILT, "Fishermen in Velle said that the catch was poor."]


def test_the_sentence_that_answers_is_the_likeliest() -> None:
    opened = "The bridge over the Orr, which cost 12 million crowns, was opened in May 1998."
    tunnel = "The tunnel below the hill was opened in June 2001."
    for question, *sentences in (
        (QUESTION, *SENTENCES),
        ("How many ships lie in the harbour of Lenn?", BUILT, RUNS, "Forty fishermen of Velle have no harbour."),
        ("When was the bridge over the Orr opened?", opened, "The bridge over the Orr cost 12 million crowns.", tunnel),
    ):
        first, *rest = JUDGE.answers(question, sentences)
        assert first > max(rest), question


def test_the_right_answer_of_a_sentence_is_likelier_than_another_of_its_names_or_numbers() -> None:
    for question, right, wrong, sentence in (
        (QUESTION, "Ana Torp", "Ivar Stolt", "Ana Torp, not Ivar Stolt, has run the harbour of Lenn since spring."),
        ("How many did it carry?", "212 passengers", "14 passengers", "The ferry carried 212 passengers and 14 cars."),
        ("When was the bridge opened?", "In 1998.", "In 1991.", "Planned in 1991, the bridge was opened in 1998."),
    ):
        assert JUDGE.supports(question, right, [sentence]) > JUDGE.supports(question, wrong, [sentence]), question


def test_what_is_read_beside_a_sentence_changes_nothing_and_threads_share_the_judge() -> None:
    alone = [JUDGE.answers(QUESTION, [sentence])[0] for sentence in SENTENCES]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: JUDGE.answers(QUESTION, SENTENCES), range(4)))
    assert found == [alone] * 4


def test_nothing_to_read_and_a_text_beyond_its_length() -> None:
    assert JUDGE.answers(QUESTION, []) == []
    (long,) = JUDGE.answers(QUESTION, [RUNS + " It rained." * 500])
    assert [long] == JUDGE.answers(QUESTION, [RUNS + " It rained." * 60])
    assert 0 <= JUDGE.supports(QUESTION, "It rained. " * 500, SENTENCES[:1])[0] <= 1
