"""Is an answer right, in whatever form it says so; and is it one, or a refusal?"""

import pytest
from eval_helpers import case

from evals.matching import matches, states
from evals.refusing import reads_as_refusal
from evals.types import Case

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
BOTH = case(accepted=[("the prison", "the air base")])
NO = case("Did Homs fall?", ["No"])


@pytest.mark.parametrize(
    ("text", "asked", "right", "explanation"),
    [
        ("It is Hama.", case(accepted=["Homs", "Hama"]), True, 'says "Hama", which is accepted'),
        ("It is Aleppo.", case(accepted=["Homs", ("Hama", "Thursday")]), False, '"Homs", "Hama" and "Thursday"'),
        ("The air base and the prison", BOTH, True, "says"),
        ("The prison", BOTH, False, "says none of"),
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
