from __future__ import annotations

import time

import pytest
from eval_helpers import case

from evals.matching import given, matches, reads_as_refusal, states, token_f1, wrong_said

SAME = [
    ("It lies twenty-five miles south of Hama [1].", "25 miles"),
    ("It is 25 mi. away", "25 miles"),
    ("about 25 miles (40 km) south", "25 miles south"),
    ("1500 prisoners", "1,500"),
    ("1,500", "fifteen hundred"),
    ("two hundred and fifty thousand", "250,000"),
    ("a dozen", "12"),
    ("It is the country's fourth largest city.", "4th"),
    ("the 19th century", "nineteenth"),
    ("€5m", "five million euros"),
    ("ten per cent", "10%"),
    ("100km", "100 kilometres"),
    ("8,646 square miles", "8,646 sq mi"),
    ("on December 5, 2024", "5 December 2024"),
    ("2024-12-05.", "5 December 2024"),
    ("the 5th of December, 2024", "5 December 2024"),
    ("the fifth of December", "5 December 2024"),
    ("on 5 December 2024", "5 December"),
    ("Thursday, December 5", "5 December 2024"),
    ("Thursday 5 December", "Thursday"),
    ("on 15 March 2011", "March 2011"),
    ("in March, 2011", "March 2011"),
    ("on 5 December 2024", "2024"),
    ("Golani", "al-Golani"),
    ("Abu Mohammed Al Golani’s", "Abu Mohammed al‑Golani"),
    ("Muhammad ibn Zakariya Razi", "Muhammad ibn Zakarīya Rāzi"),
    ("Sanaa", "Sana’a"),
    ("HOMS", "Homs"),
    ("the UK and Russia", "Britain"),
    ("the U.S. said", "the United States"),
    ("an airbase", "air base"),
    ("a cease-fire", "ceasefire"),
    ("a suicide attack", "suicide attacks"),
    ("J. K. Rowling", "J.K. Rowling"),
    ("Alpha Repertory Television Service", "Alpha Repertory Television Service (ARTS)"),
    ("conquering that is “not vengeful”", "not vengeful"),
    ("not Homs but Hama", "Hama"),
    ("not only Homs but Hama", "Homs"),
    ("no fewer than 25", "25"),
    ("Certainly not. Homs fell.", "Homs"),
    ("it was not renounced until 2016", "2016"),
    ("The population is 3,559.", "3,559 people"),
]
OTHER = [
    ("25", "5"),
    ("125 miles", "25 miles"),
    ("2,000", "200"),
    ("2.5 million", "25 million"),
    ("25 million", "25"),
    ("1 million", "1 billion"),
    ("25 kilometres", "25 miles"),
    ("25", "25 miles"),
    ("25 soldiers", "25 civilians"),
    ("10 dollars", "10 pounds"),
    ("4", "fourth"),
    ("one of them", "1"),
    ("the 1990s", "1990"),
    ("an F-16", "16"),
    ("15 December", "5 December"),
    ("5 December 2023", "5 December 2024"),
    ("on 5 December", "5"),
    ("2024", "5 December 2024"),
    ("Tehran", "Iran"),
    ("Hamad", "Hama"),
    ("Williams", "William"),
    ("South America", "the US"),
    ("they told us", "US"),
    ("not Homs", "Homs"),
    ("It was not in Homs.", "Homs"),
    ("They never captured Homs.", "Homs"),
    ("They didn’t capture Homs.", "Homs"),
    ("neither Homs nor Hama", "Hama"),
    ("Aleppo instead of Homs", "Homs"),
    ("Aleppo rather than Homs", "Homs"),
    ("no casualties", "casualties"),
    ("", "Homs"),
]
REFUSALS = [
    "The provided sources do not mention the Pope.",
    "I'm sorry, but I can't answer that from the given context.",
    "I'm sorry, but the provided context does not contain any information about the Pope.",
    "There is no information about the number of casualties in the provided context.",
    "There is no information on that.",
    "Not stated",
    "Not stated.",
    "**Not stated.**",
    "It cannot be determined from the given context.",
    "The exact number of casualties cannot be determined.",
    "Empty Response",
    "The articles do not say where he fled; they only say he was in power.",
    "The context does not provide information on the election results.",
    "As an AI language model, I don't have access to real-time information.",
    "Based on the provided sources, there is no mention of a football match.",
    "Based on the provided context, there is no information about who won.",
    "The articles do not answer this question. The passages found do not mention Pope. Looked for: Pope.",
    "The given sources do not provide information about the Pope. Therefore, I cannot provide an answer.",
    "I don't know.",
    "I do not have enough information to answer the question.",
    "Unfortunately, the articles do not specify the number of prisoners.",
    "The text does not explicitly state who won. However, it mentions that Golani toured Aleppo.",
    "The name of the hospital is not mentioned in the provided articles.",
    "The number of casualties is not specified.",
    "None of the articles mention the price of oil.",
    "No information is provided about the Pope.",
    "No mention of that is found in the sources.",
    "Unknown.",
    "The question cannot be answered based on the given context.",
    "It is not stated in the passages.",
    "It is not possible to determine the answer from the provided information.",
    "I could not find any information about this in the articles.",
    "The sources provided do not contain any information regarding the population of Hama.",
    "Source 1 does not mention it.",
    "The information provided does not include the weather.",
    "The context information provided does not mention who the president of France is.",
    "I apologize, but the provided sources do not contain information about this.",
    "Sorry, I cannot find the answer in the sources.",
    "There is not enough information in the given sources to answer.",
    "The answer to the question is not provided in the sources [1].",
    "The article doesn’t say.",
    "The passages do not mention the price, but they do mention fuel shortages.",
    "The articles don't mention Erdogan. Please provide more context.",
    "According to the provided articles, there is no specific information about his age.",
    "In the given articles there is no mention of a ceasefire.",
    "Answer: Not stated.",
    "No relevant information was found.",
    "No articles were found that mention this.",
    "The provided sources do not state the exact date on which the war will end. They describe the fighting in Hama.",
    "The sources do not say what the Pope said about Aleppo.",
    "This information is not available in the provided sources.",
    "The document does not mention casualties.",
    "While the articles do not say it, they mention that Golani toured Aleppo.",
    "I'm sorry, but as an AI language model I cannot answer that.",
    "I’m not able to answer this question from the sources.",
    "The evidence provided does not say.",
    "Neither of the articles mentions it.",
    "No, the articles do not mention casualties.",
    "The articles do not mention the Pope saying anything about Aleppo.",
    "Based on the given information, it is not possible to determine the population of Hama.",
    "I cannot provide an answer to this question as the provided sources do not contain relevant information.",
    "The provided articles do not mention any information about the stock price of Apple on 5 December 2024.",
    "There isn't any information in the articles about this.",
    "There's no mention of a football match.",
    "The provided sources do not contain enough information to determine who the UN Secretary-General is.",
    "Unfortunately, there are no details about that.",
    "The sources do not provide information about the weather. They focus on the conflict, which began in 2011.",
    "The context does not mention a specific date for the election.",
    "Not provided in the given sources.",
    "It's not mentioned in the articles.",
    "It isn't stated.",
    "The question is not answered in the provided articles.",
    "The given articles do not explicitly mention what the Pope said.",
    "The articles don't contain that information, so I can't answer.",
    "",
    "  \n",
    "[1]",
    "Not mentioned in the text.",
    "The sources do not say.\n\nThey mention only Hama.",
]
ANSWERS = [
    "Homs.",
    "It did not mention casualties but said it redeployed to protect civilians.",
    "The army did not say how many died.",
    "Assad has not left.",
    "Russia does not support the insurgents.",
    "The Pope did not say anything about Aleppo.",
    "According to the articles, the army did not say how many soldiers were killed.",
    "There is no evidence that chemical weapons were used, the UN said.",
    "No soldiers were killed.",
    "No.",
    "No, the army did not withdraw.",
    "None.",
    "No one.",
    "He cannot be trusted, the general said.",
    "Officials were unable to confirm the report.",
    "The Observatory could not determine who was behind the attack.",
    "Golani spoke from an undisclosed location.",
    "His whereabouts are not known.",
    "The articles do not say how many soldiers died, but the Observatory reports 826 dead.",
    "The articles do not state the exact number. However, the Observatory said that 826 people were killed.",
    "The insurgents captured Hama. The sources do not mention casualties.",
    "The statement did not mention Russia.",
    "Iran is not mentioned in the army's statement.",
    "The articles say the army did not say how many were killed.",
    "The sources say that Assad has not left Damascus.",
    "It was not independently verified.",
    "The claims could not be independently verified.",
    "There was no immediate comment from Damascus.",
    "There is no information on casualties, officials said.",
    "I believe it is Homs.",
    "The information minister denied the reports.",
    "The information ministry did not say when talks resume.",
    "The documents were found in the prison.",
    "The text of the agreement does not include Golan.",
    "Sources in the ministry did not confirm it.",
    "The context is the civil war, which began in 2011.",
    "It is not clear who fired first.",
    "The Syrian National Army is not part of HTS.",
    "Not Homs but Hama.",
    "Never.",
    "The evidence was not shown to the jury.",
    "The number of casualties was not disclosed by the army.",
    "It is the UK-based Observatory, but the articles do not say where its office is.",
    "Nothing.",
    "25 miles",
    "The materials used were not available in Syria.",
    "The news agency did not name the officer.",
    "There are no details yet, the minister said.",
    "Two articles of the constitution do not mention religion, the court said.",
    "No documents were found in the prison.",
    "No information was released by the army.",
    "No details of the deal were released.",
    "The evidence does not show who fired.",
    "Sources did not confirm the report.",
    "While the articles do not give an exact number, the Observatory says 826 people died.",
    "The sources do not mention his age; he was born in 1982.",
    "I don't know, but it may be Homs.",
    "The articles do not say so directly. Therefore, the answer is Homs.",
    "The articles do not say. But reports say 826 died.",
    "I'm sorry, the answer is Homs.",
    "I apologize for the confusion. The city is Homs.",
    "The contents of the letter were not given.",
    "She was not named in the lawsuit.",
    "Not until 2016.",
    "He said there is no information about his brother.",
    "Data on this were not collected in 2011.",
    "Syria's news agency gave no details.",
    "Hama was not mentioned by the president.",
    "It was not provided with fuel.",
    "The rebels could not be found in the city.",
    "The body could not be found.",
    "It is impossible to reach the city by road.",
    "It is not clear whether he fled.",
]


@pytest.mark.parametrize(("text", "accepted"), SAME)
def test_the_same_answer_in_another_form_is_right(text: str, accepted: str) -> None:
    assert states(text, accepted)


@pytest.mark.parametrize(("text", "accepted"), OTHER)
def test_another_answer_that_looks_alike_is_wrong(text: str, accepted: str) -> None:
    assert not states(text, accepted)


def test_the_match_names_the_entry() -> None:
    match = matches("It is Hama.", case(accepted=["Homs", "Hama"]))
    assert match
    assert match.entry == ("Hama",)
    assert match.explanation == 'says "Hama", which is accepted'


def test_no_match_lists_what_would_have_been_right() -> None:
    match = matches("It is Aleppo.", case(accepted=["Homs", ("Hama", "Thursday")]))
    assert not match
    assert match.explanation == 'says none of: "Homs", "Hama" and "Thursday"'


def test_an_entry_of_several_strings_needs_them_all() -> None:
    both = case(accepted=[("the prison", "the air base")])
    assert matches("The air base and the prison", both)
    assert not matches("The prison", both)


def test_a_pattern_makes_an_answer_right() -> None:
    match = matches(
        "They REDEPLOYED to save civilians [1].", case(accepted=[], patterns=(r"redeploy\w+ .* civilians",))
    )
    assert match.pattern is not None
    assert match.explanation.startswith('says "REDEPLOYED to save civilians"')


def test_a_pattern_is_held_against_text_without_diacritics_too() -> None:
    assert matches("Recep Tayyip Erdoğan", case(accepted=[], patterns=(r"erdogan",)))


def test_the_number_of_a_citation_is_no_number_of_the_answer() -> None:
    assert not matches("Several cities [3][4, 5].", case("How many cities fell?", ["3", "4", "5"]))


def test_an_empty_answer_is_wrong() -> None:
    assert matches(" [1] ", case()).explanation == "says nothing"


def test_an_answer_that_quotes_the_question_is_wrong() -> None:
    asked = case("Which is larger, Homs or Hama?", ["Homs"])
    for text in ("Which is larger, Homs or Hama?", "It is Homs or Hama which is the larger."):
        assert matches(text, asked).explanation == "repeats the question and adds nothing"


def test_one_of_two_things_that_the_question_offers_is_an_answer() -> None:
    assert matches("Homs is larger.", case("Which is larger, Homs or Hama?", ["Homs"]))
    assert matches(
        "EU law takes precedence", case("If EU law and national law conflict, which takes precedence?", ["EU law"])
    )


def test_yes_and_no_add_something_to_a_question() -> None:
    assert matches("No", case("Did Homs fall?", ["No"]))
    assert not matches("Yes", case("Did Homs fall?", ["No"]))


def test_a_question_in_the_negative_is_answered_in_the_negative() -> None:
    assert matches("They did not capture Homs.", case("Which city was not captured?", ["Homs"]))


def test_a_number_in_a_unit_that_was_not_asked_for_is_wrong() -> None:
    asked = case("How many miles south of Hama is Homs?", ["25"])
    assert matches("It is 25 miles south.", asked)
    assert matches("25", asked)
    assert not matches("It is 25 kilometres south.", asked)


def test_a_number_may_go_without_the_unit_that_the_question_names() -> None:
    assert matches("25", case("How many miles south of Hama is Homs?", ["25 miles"]))
    assert matches("He was 39.", case("How old was Manning?", ["39 years old"]))
    assert not matches("25 kilometres", case("How many miles south of Hama is Homs?", ["25 miles"]))


def test_a_longer_name_that_is_a_known_wrong_answer_is_not_its_shorter_part() -> None:
    asked = case("Who directed it?", ["John Smith"], wrong=("John Smith Jones",))
    assert not matches("John Smith Jones", asked)
    assert matches("John Smith", asked)


def test_every_entry_given_is_told() -> None:
    asked = case("Who composed it?", ["Johannes Brahms", "Wolfgang Amadeus Mozart"], several=True)
    assert given("One is by Brahms, the other by Wolfgang Amadeus Mozart.", asked) == [False, True]


def test_a_wrong_answer_inside_a_right_one_is_not_stated() -> None:
    asked = case("What is he?", ["Ice hockey player"], wrong=("hockey",))
    assert wrong_said("An ice hockey player", asked) == []
    assert wrong_said("He plays hockey.", asked) == ["hockey"]


def test_a_wrong_answer_that_is_accepted_too_cannot_be_judged() -> None:
    assert wrong_said("Ice hockey", case("What sport?", ["Ice hockey"], wrong=("Ice Hockey",))) is None


def test_f1_of_the_accepted_string_is_one_in_any_form() -> None:
    assert token_f1("The twenty-five miles", [("25 miles",)]) == 1.0


def test_f1_is_the_harmonic_mean_of_precision_and_recall_over_tokens() -> None:
    # says: homs 25 mile away; right: 25 mile south
    assert token_f1("Homs, 25 miles away", [("25 miles south",)]) == pytest.approx(
        2 * (2 / 4) * (2 / 3) / (2 / 4 + 2 / 3)
    )


def test_f1_takes_the_best_entry_and_joins_the_strings_of_one() -> None:
    assert token_f1("prison and air base", [("Homs",), ("the prison", "the air base")]) == 1.0
    assert token_f1("Aleppo", [("Homs",), ("Hama",)]) == 0.0
    assert token_f1("", [("Homs",)]) == 0.0


def test_f1_gives_a_day_without_its_year_part_of_the_whole() -> None:
    assert token_f1("December 5", [("5 December 2024",)]) == pytest.approx(0.8)


@pytest.mark.parametrize("text", REFUSALS)
def test_a_text_that_says_the_sources_do_not_answer_is_a_refusal(text: str) -> None:
    assert reads_as_refusal(text)


@pytest.mark.parametrize("text", ANSWERS)
def test_a_text_that_says_something_of_the_world_is_none(text: str) -> None:
    assert not reads_as_refusal(text)


def test_a_thousand_answers_are_matched_within_a_few_seconds() -> None:
    asked = case("How far is Homs from Hama?", ["25 miles", "40 km", ("south", "Hama")], wrong=("90 miles",))
    began = time.process_time()
    for n in range(1000):
        text = f"On day {n} the army said on 5 December 2024 that the city lies some way off, by {n} kilometres. " * 3
        matches(text, asked)
        reads_as_refusal(text)
    assert time.process_time() - began < 10


def test_a_name_made_of_articles_only_can_be_matched() -> None:
    assert states("The The", "The The")
