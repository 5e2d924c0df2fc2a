"""Citation scores: every way a citation can be wrong must cost something, and nothing else may."""

from dataclasses import replace
from itertools import chain, combinations

import pytest
from eval_helpers import answer, case, citation, failed, outcome, unanswerable

from evals.scorers.citations import citations, decided_by_gold, needed_judgements
from evals.types import Case, GoldQuote, Outcome, Place, Score, Support
from rag.types import Citation

BEFORE = "Fighting went on in the north."
GOLD = "The insurgents seized Homs at dawn"
AFTER = "Residents celebrated in its streets."
TEXT = f"{BEFORE} {GOLD}. {AFTER}"
START = TEXT.index(GOLD)
ASKED = case(evidence=(GoldQuote("a.txt", GOLD),))
NO_GOLD = case()
EITHER = case(evidence=(GoldQuote("z.txt", GOLD), GoldQuote("a.txt", GOLD)))
JOINED = case(accepted=[("Homs", "celebrated")], evidence=(GoldQuote("a.txt", GOLD, 0), GoldQuote("a.txt", AFTER, 1)))
PLACES = (Place("a.txt", START, START + len(GOLD)),)
BOTH = (*PLACES, Place("a.txt", TEXT.index(AFTER), len(TEXT)))
RIGHT = "The insurgents captured Homs [1]."
NAMES = ("citation_recall", "citation_precision", "quote_exact", "gold_cited")


def cite(number: int, quote: str) -> Citation:
    """A citation of `quote` where it stands in TEXT."""
    return citation(number, "a.txt", TEXT.index(quote), TEXT.index(quote) + len(quote), quote)


def copy(quote: str) -> Citation:
    """[1], in an article that is known to carry the same words."""
    return citation(1, "b.txt", 900, 960, quote, ("b.txt", "a.txt"))


def said(
    text: str, *cited: Citation, support: tuple[Support, ...] = (), gold: tuple[Place | None, ...] = PLACES,
    stood: dict[int, str] | None = None,
) -> Outcome:  # fmt: skip
    """An outcome whose citations are exact, unless other words `stood` there, and whose gold quote was found."""
    stood = {one.number: one.quote for one in cited} | (stood or {})
    return outcome(replace(answer(text), citations=cited), gold=gold, support=support, stood=stood)


def judged(sentence: int, cited: tuple[int, ...], supported: bool | None) -> Support:
    return Support(sentence, cited, None if supported is None else float(supported), supported, "the judge read it")


def scores(asked: Case, observed: Outcome) -> dict[str, Score]:
    return {score.name: score for score in citations(asked, observed)}


def values(asked: Case, observed: Outcome) -> tuple[float | None, ...]:
    """Recall, precision, exactness, gold cited; -1 for a score that does not apply."""
    found = scores(asked, observed)
    return tuple(found[name].value if name in found else -1 for name in NAMES)


YES, NO = judged(0, (1,), True), (judged(0, (1,), False),)
THE = AFTER.replace("its", "the")
TWO = (cite(1, GOLD), cite(2, AFTER))


@pytest.mark.parametrize(
    ("asked", "observed", "expected"),
    [
        (ASKED, said(RIGHT, cite(1, GOLD)), (1, 1, 1, 1)),
        # the neighbouring sentence is not the gold quote, nor are the right words at its offsets
        (ASKED, said(RIGHT, cite(1, BEFORE), support=NO), (0, 0, 1, 0)),
        (ASKED, said(RIGHT, cite(1, AFTER), support=NO), (0, 0, 1, 0)),
        (ASKED, said(RIGHT, replace(cite(1, AFTER), quote=GOLD), support=NO, stood={1: AFTER}), (0, 0, 0, 0)),
        (ASKED, said("The insurgents captured Hama [1].", cite(1, GOLD), support=NO), (0, 0, 1, 1)),
        (ASKED, said("Homs."), (0, -1, -1, 0)),
        (ASKED, said("Homs [1]. It was dawn.", cite(1, GOLD)), (0.5, 1, 1, 1)),
        (ASKED, said("The insurgents captured Homs [1][9].", cite(1, GOLD)), (1, 0.5, 1, 1)),  # [9] supports nothing
        (ASKED, said("The insurgents captured Homs [9].", cite(1, GOLD)), (0, 0, 1, 1)),
        (ASKED, said("Homs [1].", cite(1, GOLD), gold=(None,)), (None, None, 1, None)),
        (ASKED, said("Homs [1].", cite(1, GOLD), gold=()), (None, None, 1, None)),
        # the gold offsets in another article; a copy that carries the words; its neighbour; a quote made up
        (ASKED, said(RIGHT, replace(cite(1, GOLD), article="b.txt", carriers=("b.txt",)), support=NO), (0, 0, 1, 0)),
        (ASKED, said(RIGHT, copy("Insurgents captured the city of Homs at dawn.")), (1, 1, 1, 1)),
        (ASKED, said(RIGHT, copy(AFTER), support=NO), (0, 0, 1, 0)),
        (ASKED, said(RIGHT, copy(GOLD), support=NO, stood={1: AFTER}), (0, 0, 0, 0)),
        # any quote of a fact is enough; a joined answer needs those of all facts
        (EITHER, said(RIGHT, cite(1, GOLD), gold=(Place("z.txt", 0, len(GOLD)), *PLACES)), (1, 1, 1, 1)),
        (JOINED, said("They captured Homs and residents celebrated [1][2].", *TWO, gold=BOTH), (1, None, 1, 1)),
        (JOINED, said("Homs and celebrated [1].", cite(1, GOLD), gold=BOTH, support=NO), (0, 0, 1, 0.5)),
        # quotes that are not the articles'
        (ASKED, said("Homs [1][2].", *TWO, stood={2: "Residents wept."}), (1, None, 0.5, 1)),
        (ASKED, said(RIGHT, cite(1, GOLD), stood={1: ""}), (1, 1, 0, 1)),
        (NO_GOLD, said("It [1].", citation(1, "a.txt", 5, 5, ""), support=NO), (0, 0, 0, -1)),
        # an unanswerable question is judged without gold
        (unanswerable(evidence=ASKED.evidence), said("Homs won it [1].", cite(1, GOLD), support=NO), (0, 0, 1, -1)),
        # each citation counts in each sentence; whatever the order in which the judge was asked
        (NO_GOLD, said("It [1]. So [1].", cite(1, GOLD), support=(YES, judged(1, (1,), False))), (0.5, 0.5, 1, -1)),
        (NO_GOLD, said("It fell [2][1].", *TWO, support=(judged(0, (2, 1), True),)), (1, None, 1, -1)),
    ],
)  # fmt: skip
def test_what_citations_are_worth(asked: Case, observed: Outcome, expected: tuple[float | None, ...]) -> None:
    assert values(asked, observed) == expected


@pytest.mark.parametrize("cited", [(cite(1, GOLD),), (copy("Insurgents captured the city of Homs at dawn."),)])
@pytest.mark.parametrize(
    ("text", "left"),
    [
        (RIGHT, False),
        ("The insurgents took it at dawn [1].", True),  # true, and no answer
        ("The insurgents captured Hama [1].", True),
        ("Insurgents led by Jolani captured Homs [1].", True),  # a name, a number beyond the gold quote
        ("The 40,000 insurgents captured Homs [1].", True),
        ("The insurgents captured Homs and the north [1].", True),  # a known wrong answer beside the right one
    ],
)
def test_what_gold_does_not_vouch_for_is_for_the_judge(cited: tuple[Citation, ...], text: str, left: bool) -> None:
    asked = replace(ASKED, wrong=("the north",))
    assert needed_judgements(asked, said(text, *cited)) == ([(0, (1,))] if left else [])
    assert needed_judgements(replace(asked, answerable=False), said(text, *cited)) == [(0, (1,))]


@pytest.mark.parametrize(("start", "end", "cited"), [(0, 1 / 2, 1), (0, 0.46, 0), (1 / 2, 1, 1), (0, 1 / 3, 0)])
def test_half_of_the_gold_quote_is_enough_and_parts_add_up(start: float, end: float, cited: float) -> None:
    def part(number: int, start: float, end: float) -> Citation:
        a, b = (START + round(len(GOLD) * share) for share in (start, end))
        return citation(number, "a.txt", a, b, TEXT[a:b])

    assert values(ASKED, said("Homs [1].", part(1, start, end)))[3] == cited
    assert values(ASKED, said("Homs [1][2].", part(1, start, end), part(2, 2 / 3, 1)))[3] == 1


def test_an_article_without_a_quote_decides_nothing() -> None:
    asked = case(evidence=(GoldQuote("a.txt"),))
    assert values(asked, said(RIGHT, cite(1, GOLD), gold=(Place("a.txt", 0, len(TEXT)),))) == (None, None, 1, -1)
    half = case(evidence=(GoldQuote("a.txt", GOLD, fact=0), GoldQuote("b.txt", fact=1)))
    observed = said(RIGHT, cite(1, GOLD), gold=(*PLACES, Place("b.txt", 0, 99)))
    assert needed_judgements(half, observed) == [(0, (1,))]
    assert scores(half, observed)["gold_cited"].explanation == "1 of 1 gold quotes are cited"
    assert decided_by_gold(JOINED, said("Homs, celebrated [1][2].", *TWO, gold=BOTH), 0, (1, 2))
    assert not decided_by_gold(JOINED, said("Homs, celebrated [1][2].", *TWO, gold=BOTH), 0, (1,))


@pytest.mark.parametrize(
    ("count", "supported", "recall", "precision"),
    [
        (2, {(1, 2)}, 1, 1),  # they say it together only: both are needed
        (2, {(1, 2), (1,)}, 1, 0.5),
        (2, {(1, 2), (1,), (2,)}, 1, 1),
        (2, {(1,)}, 0, 0),  # whatever the judge says of one: ALCE asks for the whole first
        (3, {(1, 2, 3), (2, 3)}, 1, 2 / 3),  # the others do without the first
    ],
)
def test_citations_as_alce_counts(count: int, supported: set[tuple[int, ...]], recall: float, precision: float) -> None:
    cited = [cite(1, BEFORE), cite(2, GOLD), cite(3, AFTER)][:count]
    groups = [group for size in range(1, count + 1) for group in combinations(range(1, count + 1), size)]
    support = tuple(judged(0, group, group in supported) for group in groups)
    observed = said(f"It fell {''.join(f'[{one.number}]' for one in cited)}[2].", *cited, support=support)
    assert values(NO_GOLD, observed)[:2] == (recall, pytest.approx(precision))
    assert set(needed_judgements(NO_GOLD, observed)) == {(0, group) for group in groups}


@pytest.mark.parametrize("gold", [PLACES, (None,)])
@pytest.mark.parametrize("text", ["Homs fell [1][2][3].", "It fell [1][2]. Homs [2][3]. Rain.", "It fell [3][1]."])
def test_the_needed_judgements_are_all_that_the_scores_need(text: str, gold: tuple[Place | None, ...]) -> None:
    asked = said(text, cite(1, BEFORE), cite(2, GOLD), cite(3, AFTER), gold=gold)
    needed = needed_judgements(ASKED, asked)
    assert len(needed) == len(set(needed)) > 0
    # whatever subset of them the judge supports, nothing is left unscored
    for supported in chain.from_iterable(combinations(needed, size) for size in range(len(needed) + 1)):
        observed = replace(asked, support=tuple(judged(*pair, pair in supported) for pair in needed))
        assert None not in values(ASKED, observed)[:2]


@pytest.mark.parametrize("support", [None, judged(0, (1,), None), judged(1, (1,), True), judged(0, (1, 2), True)])
def test_without_the_judges_word_it_is_unscored(support: Support | None) -> None:
    observed = said("Hama fell [1].", cite(1, AFTER), support=(support,) if support else ())
    assert values(ASKED, observed)[:2] == (None, None)
    assert "sentence 1 [1]" in scores(ASKED, observed)["citation_recall"].explanation


@pytest.mark.parametrize(
    ("asked", "observed", "name", "explanation"),
    [
        (ASKED, said("Homs [1].", cite(1, BEFORE)), "gold_cited", f"cited: [1] a.txt 0-{len(BEFORE)}"),
        (JOINED, said("Homs [1].", cite(1, GOLD), gold=(*PLACES, None)), "gold_cited", "1 more not found"),
        (ASKED, said(f"{RIGHT} Dawn.", cite(1, GOLD)), "citation_recall", "sentence 2 not supported: it cites nothing"),
        (
            ASKED, said("The insurgents captured Homs [1][2].", *TWO, support=(judged(0, (2,), False),)),
            "citation_precision", "1 of 2: [1] of sentence 1 supports: it gives the accepted answer and cites the gold "
            "quote; [2] of sentence 1 does not count: not needed beside [1]",
        ),
        (ASKED, said("Homs [1][2].", *TWO, stood={2: THE}), "quote_exact", "[2] says “…dents cele"),
        (ASKED, replace(said("Homs [1][2].", *TWO), stood={1: GOLD}), "quote_exact", "nobody looked up what stands"),
    ],
)  # fmt: skip
def test_an_explanation_shows_what_to_look_at(asked: Case, observed: Outcome, name: str, explanation: str) -> None:
    assert explanation in scores(asked, observed)[name].explanation


def test_a_refusal_and_a_search_have_no_citation_scores_and_a_failure_is_unscored() -> None:
    refusal = replace(answer("The articles do not say. Homs fell [1].", abstained=True), citations=(cite(1, AFTER),))
    for observed in (outcome(refusal, gold=PLACES, stood={1: AFTER}), Outcome("search", None, gold=PLACES)):
        assert citations(ASKED, observed) == needed_judgements(ASKED, observed) == []
    assert values(ASKED, failed()) == (None,) * 4
    assert values(unanswerable(), failed()) == (None, None, None, -1)
    assert needed_judgements(ASKED, failed()) == []
