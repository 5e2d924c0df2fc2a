"""What an answer is worth: right in whatever form, or refused; what it cost; what the search had found for it."""

import math
from typing import Any

import pytest
from eval_helpers import answer, case, failed, outcome, unanswerable

from evals.matching import matches, states
from evals.refusing import reads_as_refusal
from evals.scorers.answer import answers, cost, refusals
from evals.scorers.retrieval import recalls, retrieval
from evals.types import Case, GoldQuote, Outcome, Place, Score
from rag.types import Timings, Usage

SAME = [
    ("It lies twenty-five miles south of Hama [1].", "25 miles"), ("It is 25 mi. away", "25 miles"),
    ("1500 prisoners", "1,500"), ("two hundred and fifty thousand", "250,000"), ("a dozen", "12"),
    ("It is the country's fourth largest city.", "4th"), ("the 19th century", "nineteenth"),
    ("€5m", "five million euros"), ("ten per cent", "10%"), ("100km", "100 kilometres"),
    ("8,646 square miles", "8,646 sq mi"), ("2024-12-05.", "5 December 2024"),
    ("the fifth of December", "5 December 2024"), ("on 5 December 2024", "5 December"),
    ("Thursday, December 5", "5 December 2024"), ("Thursday 5 December", "Thursday"),
    ("on 15 March 2011", "March 2011"), ("on 5 December 2024", "2024"), ("Golani", "al-Golani"),
    ("Abu Mohammed Al Golani’s", "Abu Mohammed al‑Golani"),
    ("Muhammad ibn Zakariya Razi", "Muhammad ibn Zakarīya Rāzi"), ("Sanaa", "Sana’a"), ("the UK and Russia", "Britain"),
    ("an airbase", "air base"), ("J. K. Rowling", "J.K. Rowling"), ("a suicide attack", "suicide attacks"),
    ("The population is 3,559.", "3,559 people"),
    ("Alpha Repertory Television Service", "Alpha Repertory Television Service (ARTS)"),
    ("conquering that is “not vengeful”", "not vengeful"), ("not Homs but Hama", "Hama"),
    ("not only Homs but Hama", "Homs"), ("no fewer than 25", "25"), ("Certainly not. Homs fell.", "Homs"),
    ("it was not renounced until 2016", "2016"),
]  # fmt: skip
OTHER = [
    ("25", "5"), ("2.5 million", "25 million"), ("25 million", "25"), ("1 million", "1 billion"),
    ("25 kilometres", "25 miles"), ("25", "25 miles"), ("25 soldiers", "25 civilians"), ("10 dollars", "10 pounds"),
    ("4", "fourth"), ("one of them", "1"), ("the 1990s", "1990"), ("an F-16", "16"), ("15 December", "5 December"),
    ("on 5 December", "5"), ("2024", "5 December 2024"), ("Hamad", "Hama"), ("Williams", "William"),
    ("South America", "the US"), ("they told us", "US"), ("not Homs", "Homs"), ("It was not in Homs.", "Homs"),
    ("They never captured Homs.", "Homs"), ("neither Homs nor Hama", "Hama"), ("Aleppo instead of Homs", "Homs"),
    ("no casualties", "casualties"), ("", "Homs"),
]  # fmt: skip
REFUSALS = [
    "Not stated.", "Answer: Not stated.", "I don't know.", "Empty Response", "", "[1]",
    "It is not stated in the articles who won.", "The articles have no information about the weather.",
    "It cannot be determined from the given context.", "None of the articles mention the price of oil.",
    "The articles do not say where he fled; they only say he was in power.",
    "As an AI language model, I don't have access to real-time information.",
    "I'm sorry, but as an AI language model I cannot answer that.",
    "Based on the provided context, there is no information about who won.",
    "The articles do not answer this question. The passages found do not mention Pope. Looked for: Pope.",
    "The text does not explicitly state who won. However, it mentions that Golani toured Aleppo.",
    "No mention of that is found in the sources.", "No articles were found that mention this.",
    "I could not find any information about this in the articles.", "Source 1 does not mention it.",
    "The information provided does not include the weather.", "The evidence provided does not say.",
    "The answer to the question is not provided in the sources [1].",
    "The passages do not mention the price, but they do mention fuel shortages.",
    "The articles don't mention Erdogan. Please provide more context.",
    "While the articles do not say it, they mention that Golani toured Aleppo.",
    "I cannot provide an answer to this question as the provided sources do not contain relevant information.",
    "The sources do not say.\n\nThey mention only Hama.",
]  # fmt: skip
ANSWERS = [
    "Homs.", "None.", "Not until 2016.", "The army did not say how many died.", "No soldiers were killed.",
    "Golani spoke from an undisclosed location.", "It was not independently verified.",
    "The articles do not say how many soldiers died, but the Observatory reports 826 dead.",
    "The insurgents captured Hama. The sources do not mention casualties.",
    "Iran is not mentioned in the army's statement.", "It is not clear who fired first.",
    "The articles say the army did not say how many were killed.", "No documents were found in the prison.",
    "There is no information on casualties, officials said.", "The information minister denied the reports.",
    "The text of the agreement does not include Golan.", "Sources in the ministry did not confirm it.",
    "No details of the deal were released.", "The sources do not mention his age; he was born in 1982.",
    "While the articles do not give an exact number, the Observatory says 826 people died.",
    "I don't know, but it may be Homs.", "The articles do not say. But reports say 826 died.",
    "I'm sorry, the answer is Homs.", "He said there is no information about his brother.",
    "Hama was not mentioned by the president.", "The rebels could not be found in the city.",
    "It is impossible to reach the city by road.",
]  # fmt: skip


def test_the_same_in_another_form_is_right_and_what_looks_alike_is_not() -> None:
    assert [each for each in SAME if not states(*each)] == []
    assert [each for each in OTHER if states(*each)] == []


LARGER = case("Which is larger, Homs or Hama?", ["Homs"])
MILES = case("How many miles south of Hama is Homs?", ["25"])
FAR = case("How many miles south of Hama is Homs?", ["25 miles"])
SMITH = case("Who directed it?", ["John Smith"], wrong=("John Smith Jones",))
JOINED = case(accepted=[("the prison", "the air base")])
NO = case("Did Homs fall?", ["No"])


@pytest.mark.parametrize(
    ("text", "asked", "right", "explanation"),
    [
        ("It is Hama.", case(accepted=["Homs", "Hama"]), True, 'says "Hama", which is accepted'),
        ("It is Aleppo.", case(accepted=["Homs", ("Hama", "Thursday")]), False, '"Homs", "Hama" and "Thursday"'),
        ("The air base and the prison", JOINED, True, "says"),
        ("The prison", JOINED, False, "says none of"),
        # a pattern is held against the text as it stands, and without diacritics
        ("They REDEPLOYED so.", case(accepted=[], patterns=(r"redeploy\w+ s",)), True, 'says "REDEPLOYED s"'),
        ("Recep Tayyip Erdoğan", case(accepted=[], patterns=("erdogan",)), True, "which the pattern erdogan accepts"),
        # the number of a citation is no number of the answer
        ("Several cities [3][4, 5].", case("How many cities fell?", ["3", "4", "5"]), False, "says none of"),
        (" [1] ", case(), False, "says nothing"),
        # what the question says is no answer, but one of two things that it offers is
        ("Which is larger, Homs or Hama?", LARGER, False, "repeats the question"),
        ("It is Homs or Hama which is the larger.", LARGER, False, "repeats the question"),
        ("Homs is larger.", LARGER, True, "says"),
        ("EU law takes precedence", case("EU law or national law: what takes precedence?", ["EU law"]), True, "says"),
        ("No", NO, True, "says"),
        ("Yes", NO, False, "says none of"),
        ("They did not capture Homs.", case("Which city was not captured?", ["Homs"]), True, "says"),
        # a unit that was not asked for is wrong; one that the question names may be left out
        *(("It is 25 miles south.", asked, True, "says") for asked in (MILES, FAR)),
        *(("25", asked, True, "says") for asked in (MILES, FAR, case("What percentage of it?", ["25 %"]))),
        *(("It is 25 kilometres south.", asked, False, "says none of") for asked in (MILES, FAR)),
        ("He was 39.", case("How old was Manning?", ["39 years old"]), True, "says"),
        # a longer name that is a known wrong answer is not its shorter part
        ("John Smith Jones", SMITH, False, "says none of"),
        ("John Smith", SMITH, True, "says"),
        ("The The", case("Which band?", ["The The"]), True, "says"),
    ],
)
def test_a_match_says_what_decided_it(text: str, asked: Case, right: bool, explanation: str) -> None:
    match = matches(text, asked)
    assert (bool(match), explanation in match.explanation) == (right, True), match.explanation


def test_a_text_that_says_the_sources_do_not_answer_is_a_refusal() -> None:
    assert [text for text in REFUSALS if not reads_as_refusal(text)] == []
    assert [text for text in ANSWERS if reads_as_refusal(text)] == []


BOTH = case("Who composed it?", ["Johannes Brahms", "Wolfgang Amadeus Mozart"], several=True)
DISPUTED = case("When was he born?", ["8 February 1900"], wrong=("15 July 1905", "1 May 1901"))
SPORT = case("What sport?", ["Ice hockey"], wrong=("Ice Hockey",))
PLAYER = case("What is he?", ["Ice hockey player"], wrong=("hockey",))
SURE = outcome(answer("Homs fell [1].", [("a.txt", 0, 9, "")], abstained=True))  # what a system calls a refusal is one


def scored(room: Any, asked: Case, given: Outcome) -> dict[str, Score]:
    return {score.name: score for score in room(asked, given)}


def values(room: Any, asked: Case, given: Outcome) -> dict[str, float | None]:
    return {name: score.value for name, score in scored(room, asked, given).items()}


@pytest.mark.parametrize(
    ("asked", "said", "name", "value", "explanation"),
    [
        (FAR, "It lies about twenty-five miles away [1].", "correct", 1, 'says "25 miles", which is accepted'),
        (FAR, "It lies 125 miles away [1].", "correct", 0, 'says none of: "25 miles"'),
        (case(), "The articles do not say. They mention only Homs.", "correct", 0, "refused, though the articles"),
        (case(accepted=[]), "Homs.", "correct", None, "the case names no accepted answer"),
        (case(), "Homs", "f1", 1, 'nearest to "Homs"'),
        (case(), "They have captured Homs", "f1", 0.4, "nearest"),  # every needless word costs
        (FAR, "Homs, twenty-five miles away", "f1", 2 / 3, "nearest"),
        (case(accepted=[("the prison", "the air base")]), "prison and air base", "f1", 1, "nearest"),
        (case(accepted=["5 December 2024"]), "December 5", "f1", 0.8, "nearest"),  # without its year it is a part
        (case(), "Hama", "f1", 0, "shares no word"),
        (case(), "", "f1", 0, "refused"),
        (BOTH, "Johannes Brahms and Wolfgang Amadeus Mozart", "f1", 1, "Brahms and Wolfgang"),
        (BOTH, "By Brahms and Wolfgang Amadeus Mozart", "answers_given", 0.5, 'gives 1 of 2, lacks "Johannes Brahms"'),
        (BOTH, "Haydn.", "answers_given", 0, "gives 0 of 2"),
        (DISPUTED, "Either 8 February 1900 or 15 July 1905.", "correct", 1, "8 February"),
        (DISPUTED, "Either 8 February 1900 or 15 July 1905.", "wrong_stated", 1, 'states "15 July 1905", which is'),
        (DISPUTED, "8 February 1900, not 15 July 1905.", "wrong_stated", 0, "states none"),
        (DISPUTED, "The articles do not say. They mention 15 July 1905.", "wrong_stated", 0, "refused, and so"),
        (SPORT, "Ice hockey", "wrong_stated", None, "also an accepted one"),
        (PLAYER, "An ice hockey player", "wrong_stated", 0, "states none"),  # a part of the right one
        (PLAYER, "He plays hockey.", "wrong_stated", 1, 'states "hockey"'),
    ],
)
def test_an_answer_is_right_or_wrong(asked: Case, said: str, name: str, value: float | None, explanation: str) -> None:
    found = scored(answers, asked, outcome(said))[name]
    assert found.value == pytest.approx(value)
    assert explanation in found.explanation


def test_a_score_is_there_only_where_it_applies_and_a_failure_is_unscored() -> None:
    assert values(answers, unanswerable(), outcome("Homs.")) == {}
    assert set(values(answers, case(accepted=[], patterns=("homs",)), outcome("Homs."))) == {"correct"}
    assert values(answers, case(), SURE) == {"correct": 0, "f1": 0}
    asked = case("Who?", ["Homs", "Hama"], several=True, wrong=("Aleppo",))
    broke = scored(answers, asked, failed("The server is gone."))
    assert set(broke) == {"correct", "f1", "answers_given", "wrong_stated"}
    assert {(score.value, score.explanation) for score in broke.values()} == {(None, "failed: The server is gone.")}


@pytest.mark.parametrize(
    ("asked", "given", "expected", "explanation"),
    [
        (unanswerable(), outcome("Not stated."), (1, 0, "", 1), 'do not answer it, and it refused: "Not stated."'),
        (unanswerable(), outcome(""), (1, 0, "", 1), "refused: an empty answer"),
        (unanswerable(), outcome("Two."), (0, 1, "", ""), 'answered, though the articles do not answer it: "Two."'),
        (case(), outcome("Not stated."), ("", "", 1, 0), 'refused, though the articles answer it: "Not stated."'),
        (case(), outcome("Aleppo."), ("", "", 0, ""), 'the articles answer it, and it answered: "Aleppo."'),
        (case(), SURE, ("", "", 1, 0), "refused"),
        (unanswerable(), failed("Gone."), (None, None, "", ""), "failed: Gone."),
        (case(), failed("Gone."), ("", "", None, ""), "failed: Gone."),
    ],
)
def test_when_a_refusal_is_right(asked: Case, given: Outcome, expected: Any, explanation: str) -> None:
    names = ("refusal_recall", "answered_unanswerable", "refused_answerable", "refusal_precision")
    found = scored(refusals, asked, given)
    assert tuple(found[name].value if name in found else "" for name in names) == expected
    assert all(explanation in score.explanation for score in found.values())


def test_a_cost_is_never_a_zero_that_was_not_measured() -> None:
    def measured(first: float | None = 812.4, total: float = 1500.0, usage: tuple[int, ...] = (440, 120, 9)) -> Outcome:
        given = answer("Homs.", timings=Timings(20.0, first, total, 600.0), usage=Usage(*usage))
        return outcome(given, memory_mb=1210.5)

    tokens = {"prompt_tokens": 440, "cached_tokens": 120, "completion_tokens": 9}
    later = {"total_ms": 1500.0, "checking_ms": 600.0, "memory_mb": 1210.5} | tokens
    found = {"first_token_ms": 812.4} | later
    for given, expected in (
        (measured(), found),
        # without a call of the model there is no first token, and there are no tokens
        (measured(None, usage=()), later | dict.fromkeys(tokens, 0.0)),
        (measured(total=0.0), found | {"total_ms": None}),
        (measured(usage=()), found | dict.fromkeys(tokens)),  # what nobody counted is not zero
        (failed(), dict.fromkeys(("first_token_ms", "total_ms", *tokens))),
        (Outcome("search", None, memory_mb=300.0), {"memory_mb": 300.0}),
    ):
        assert values(cost, case(), given) == expected


def holding(*more: tuple[str, int, int, int]) -> tuple[Case, tuple[Place, ...]]:
    """A case with gold quotes (article, start, end, fact), the first always the same, and where they stand."""
    gold = (("a", 100, 140, 0), *more)
    quotes = tuple(GoldQuote(f"{name}.txt", name * (end - start), fact) for name, start, end, fact in gold)
    return case(evidence=quotes), tuple(Place(f"{name}.txt", start, end) for name, start, end, _ in gold)


ONE, TWO = holding(), holding(("b", 0, 20, 1))
HERE, COPIES = holding(("a", 150, 170, 1)), holding(("copy", 0, 40, 0))
ARTICLE = case(evidence=(GoldQuote("a.txt"),)), (Place("a.txt", 0, 5000),)
IDEAL = 1 + 1 / math.log2(3)  # of two facts
NONE, FIRST, SECOND = (0,) * 5, (1,) * 5, (0, 1, 1, 0.5, 1 / math.log2(3))


@pytest.mark.parametrize(
    ("about", "ranking", "by_quote", "by_article"),
    [
        # recall at 1, 5 and 10, MRR, nDCG
        (ONE, [("b", 0, 90), ("a", 200, 300), ("a", 90, 200)], (0, 1, 1, 1 / 3, 0.5), SECOND),
        (ONE, [("b", 0, 90), ("b", 90, 200), ("a", 500, 600)], NONE, SECOND),
        (ONE, [("a", 120, 300)], FIRST, FIRST),  # half of a quote is held
        (ONE, [("a", 121, 300)], NONE, FIRST),  # less is not
        (ONE, [("b", 100, 140)], NONE, NONE),
        (ONE, [*((str(n), 0, 50) for n in range(10)), ("a", 100, 140)], NONE, NONE),  # rank 11
        (ONE, [], NONE, NONE),
        (TWO, [("c", 0, 50), ("b", 0, 50)], (0, 0.5, 0.5, 0.5, 1 / math.log2(3) / IDEAL), None),
        (TWO, [("b", 0, 50), ("c", 0, 50), ("a", 90, 150)], (0.5, 1, 1, 1, 1.5 / IDEAL), None),
        (TWO, [("a", 90, 150), ("a", 95, 160)], (0.5, 0.5, 0.5, 1, 1 / IDEAL), None),  # found again gains nothing
        (HERE, [("a", 90, 200)], FIRST, FIRST),  # a passage with both facts is ideal and no more
        (COPIES, [("copy", 0, 40)], FIRST, FIRST),
        (ARTICLE, [("a", 0, 50)], None, FIRST),
    ],
)
def test_what_is_found_by_hand(about: Any, ranking: list[tuple[str, int, int]], by_quote: Any, by_article: Any) -> None:
    asked, gold = about
    found = tuple(Place(f"{name}.txt", start, end) for name, start, end in ranking)
    observed = outcome(rankings={"fused": found, "bm25": ()}, gold=gold)
    scores = values(retrieval, asked, observed)
    for unit, expected in (("quote", by_quote), ("article", by_article)):
        measures = ("recall@1", "recall@5", "recall@10", "mrr@10", "ndcg@10")
        got = [scores.get(f"fused.{unit}.{name}") for name in measures]
        assert expected is None or got == pytest.approx(expected)
        assert recalls(asked, observed, (1, 5, 10)).get(f"fused.{unit}", [None] * 3) == got[:3]
    assert (by_quote is None) is not any(".quote." in name for name in scores)
    assert all(name.startswith("fused") or not value for name, value in scores.items())


def test_what_is_not_in_the_articles_is_left_out_and_named_and_without_a_search_nothing_is_scored() -> None:
    (asked, gold), (two, places) = ONE, TWO
    ranking = {"bm25": (Place("b.txt", 0, 50),)}
    nothing = values(retrieval, asked, outcome(rankings=ranking, gold=(None,)))
    assert (len(nothing), set(nothing.values())) == (10, {None})
    half = scored(retrieval, two, outcome(rankings=ranking, gold=(None, places[1])))["bm25.quote.recall@1"]
    assert half.value == 1 and half.explanation.startswith(f"“{'b' * 20}” of b.txt: rank 1;")
    assert half.explanation.endswith("a.txt: not in the articles, left out")
    missed = scored(retrieval, asked, outcome(rankings=ranking, gold=gold))["bm25.quote.mrr@10"]
    assert missed.explanation.endswith("of a.txt: not among 1")
    for other, observed in (
        (asked, outcome(gold=gold)),
        (unanswerable(evidence=asked.evidence), outcome(rankings=ranking, gold=gold)),
        (case(), outcome(rankings=ranking)),
    ):
        assert values(retrieval, other, observed) == {}
