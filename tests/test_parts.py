"""The tables were written before the rules that they test."""

import pytest

from rag.parts import Parts, split_question

SEVERAL = {
    "Who leads HTS and who leads the Syrian National Army?": ("Who leads HTS?", "Who leads the Syrian National Army?"),
    "What happened in Hama and what did Assad say about it?": (
        "What happened in Hama?",
        "What did Assad say about Hama?",
    ),
    "Who runs Norvex and when did Norvex say it would close?": (
        "Who runs Norvex?",
        "When did Norvex say it would close?",
    ),
    "Who runs Norvex and why did Norvex cut its prices?": ("Who runs Norvex?", "Why did Norvex cut its prices?"),
    "What happened in Hama and why does it matter?": ("What happened in Hama?", "Why does Hama matter?"),
    "When did Syria's conflict break out, and when did the renewed fighting begin?": (
        "When did Syria's conflict break out?",
        "When did the renewed fighting begin?",
    ),
    "Who leads HTS and where did he speak from?": ("Who leads HTS?", "Where did the leader of HTS speak from?"),
    "Who was killed, and where?": ("Who was killed?", "Where was someone killed?"),
    "Who attacked the convoy, and why?": ("Who attacked the convoy?", "Why was it that someone attacked the convoy?"),
    "What is Hamas and who leads it?": ("What is Hamas?", "Who leads Hamas?"),
    "When did the army withdraw, and why?": ("When did the army withdraw?", "Why did the army withdraw?"),
    "When was Norvex founded and by whom?": ("When was Norvex founded?", "By whom was Norvex founded?"),
    "Who won the race? Who came second?": ("Who won the race?", "Who came second?"),
    "Who won the race; how long was the course?": ("Who won the race?", "How long was the course?"),
    "What did Golani say and where did he speak?": ("What did Golani say?", "Where did Golani speak?"),
    "Who entered Hama and what did they claim?": ("Who entered Hama?", "What did those who entered Hama claim?"),
    "Who is the president of Syria and where did he flee?": (
        "Who is the president of Syria?",
        "Where did the president of Syria flee?",
    ),
    "Who is Rami Abdurrahman and what did he tell The Associated Press?": (
        "Who is Rami Abdurrahman?",
        "What did Rami Abdurrahman tell The Associated Press?",
    ),
    "How big is Homs, how far is it from Hama, and who controls it?": (
        "How big is Homs?",
        "How far is Homs from Hama?",
        "Who controls Homs?",
    ),
    "What happened in Aleppo and who lives there?": ("What happened in Aleppo?", "Who lives in Aleppo?"),
    "Did Apple raise its prices, and did it cut jobs?": ("Did Apple raise its prices?", "Did Apple cut jobs?"),
    "Who discovered the comet and when did she publish?": (
        "Who discovered the comet?",
        "When did the person who discovered the comet publish?",
    ),
    "What is its population? And who governs Homs?": ("What is its population?", "Who governs Homs?"),
    "Who won the election and what did she promise?": (
        "Who won the election?",
        "What did the person who won the election promise?",
    ),
    "What is Zelvira, and what does it cost?": ("What is Zelvira?", "What does Zelvira cost?"),
    "Who is Emma Stahl, where does she work and what did she find?": (
        "Who is Emma Stahl?",
        "Where does Emma Stahl work?",
        "What did Emma Stahl find?",
    ),
    "What do Russia and Iran want and why do they support Assad?": (
        "What do Russia and Iran want?",
        "Why do Russia and Iran support Assad?",
    ),
    "When did the Syrian army withdraw from Hama and how many troops were killed?": (
        "When did the Syrian army withdraw from Hama?",
        "How many troops were killed?",
    ),
    "Is Homs larger than Hama, and how far is Damascus from Homs?": (
        "Is Homs larger than Hama?",
        "How far is Damascus from Homs?",
    ),
}
ONE = [
    "Where is Hama? Where is Homs? Where is Aleppo? Where is Damascus?",
    "Which two countries and which militant group kept Assad in power?",
    "How far is Hama from Homs and Damascus?",
    "What do Russia and Iran want?",
    "Who is Golani and HTS's leader?",
    "What is the distance between Hama and Homs?",
    "How many people were killed and wounded?",
    "When and where did the talks take place?",
    "Who is the man who leads HTS and who spoke on Thursday?",
    "Does the article say who won and why they won?",
    "Do the articles say when and where he spoke?",
    "Who said what and when?",
    "Why did the Senate and the House reject the bill?",
    "What did the army say when it withdrew and took positions outside the city?",
    "Who came and did the work?",
    "Who won? Who lost? Who scored? Who was sent off?",
    "Which city fell, and when?",
    "I read about Hama. Who holds it?",
    "How did Erik Solberg meet Peter Hansen and why did he leave?",
    "What is the Bank of England and the Fed's policy?",
    "What happened in Hama?",
    "Hama",
    "Compare the populations of Hama and Homs",
    "How do Hama and Homs differ in size?",
    "What do the articles say about the suicide attacks?",
    "Who compared the attack on Hama to a massacre?",
    "Do the army and the rebels agree about the date?",
    "Where was the summit held and who attended?",
    "How many jobs will Volkswagen cut, and why?",
    "What are the names of the king and queen of Spain?",
    "Who bought Brightwell, which makes solar panels?",
    "What happened before and after the vote?",
    "Which players scored and which players were sent off?",
    "What did the minister say about how and why the deal failed?",
    "Why and how did the bank fail?",
    "Do you know who leads HTS and where he is?",
    "Tell me who leads HTS and where he is",
    "Which articles mention Hama and what else do they say?",
    "How did the war between Russia and Ukraine start?",
    "What is the difference between a coup and a revolution?",
    "Is there a difference between Hama and Homs?",
    "Compare Hama with Homs",
    "What do the articles say?",
    "How do the reports of the commission differ from those of the police?",
    "Who was it and what was that?",
]
COMPARISONS = {
    "Compare what the two articles say about the suicide attacks": "the suicide attacks",
    "What do the two articles say differently about the army's withdrawal?": "the army's withdrawal",
    "How do the articles differ on the distance to Homs?": "the distance to Homs",
    "Do the articles agree about the number of dead?": "the number of dead",
    "Contrast the reports on the suicide attacks.": "the suicide attacks",
    "Where do the two sources disagree about Golani?": "Golani",
    "What are the differences between the two articles on the capture of Hama?": "the capture of Hama",
    "Compare how both reports describe the massacre of 1982": "the massacre of 1982",
    "How does the first article differ from the second on the casualties?": "the casualties",
    "Do both articles say the same about Homs?": "Homs",
    "Compare the articles' accounts of the verdict.": "the verdict",
    "please compare the two articles on inflation and jobs": "inflation and jobs",
    "How do the two articles differ in their account of the massacre?": "their account of the massacre",
    "Do the sources contradict each other about the number of victims?": "the number of victims",
    "Compare how the two newspapers report the fall of Hama.": "the fall of Hama",
    "In what do the articles disagree about Golani?": "Golani",
    "Are there any differences between the articles on HTS?": "HTS",
    "Which differences are there between the two articles about Aleppo?": "Aleppo",
}


@pytest.mark.parametrize(("question", "expected"), SEVERAL.items())
def test_several_questions_in_one_are_taken_apart(question: str, expected: tuple[str, ...]) -> None:
    assert split_question(question) == Parts(expected, None)


@pytest.mark.parametrize("question", ONE)
def test_what_asks_one_thing_or_cannot_safely_be_taken_apart_stays_one_question(question: str) -> None:
    assert split_question(question) == Parts((question,), None)


@pytest.mark.parametrize(("question", "subject"), COMPARISONS.items())
def test_a_comparison_of_articles_is_known_with_what_they_are_compared_on(question: str, subject: str) -> None:
    assert split_question(question) == Parts((f"What do the articles say about {subject}?",), subject)


def test_one_question_is_given_back_as_it_was_written() -> None:
    assert split_question("  Who leads   HTS") == Parts(("  Who leads   HTS",), None)


@pytest.mark.parametrize("question", ["", "?", "and?", "??? ???", "Compare", "Who and who and who?", "И кто? А где?"])
def test_odd_questions_are_one_question(question: str) -> None:
    assert split_question(question) == Parts((question,), None)
