"""The table of follow-ups was written before the rules; it goes through sport, courts, science, business, politics."""

import re
from collections.abc import Iterator

import pytest

from rag.followup import Message, standalone
from rag.refusal import REFUSAL

HISTORY: list[Message] = [
    {"role": "user", "content": "Who heads the Syrian Observatory for Human Rights?"},
    {"role": "assistant", "content": "Rami Abdurrahman heads the Observatory [1]."},
]
FOR_THE_MODEL = "Which of the two is older?"

CONVERSATIONS = """
Q: Who leads Hayat Tahrir al-Sham?
A: Hayat Tahrir al-Sham is led by Abu Mohammed al-Golani [1].
> Where was he on Wednesday? => Where was Abu Mohammed al-Golani on Wednesday?
> What did he say about Hama? => What did Abu Mohammed al-Golani say about Hama?
> When was it founded? => When was Hayat Tahrir al-Sham founded?
> What did Golani say about his advance? => (as it is)
> When did the army say it had withdrawn? => (as it is)
> How far is Hama from Damascus? => (as it is)
> What is the tallest mountain? => (as it is)
> What did the president say about his plan for the budget? => (as it is)
> Who said that Hama had fallen? => (as it is)
> What did the insurgents say when they entered Hama? => (as it is)
> Which of the two is older? => (the model)

Q: Where did Bashar al-Assad flee to?
A: The articles do not answer this question. Looked for: Bashar, al-Assad, flee, in 2 articles.
> What was his father called, then? => What was Bashar al-Assad's father called?
> And when? => When did Bashar al-Assad flee?

Q: Who discovered the comet?
A: The comet was discovered by Ines Duarte at an observatory in Chile [1].
> Where does her team work? => Where does Ines Duarte's team work?

Q: Who runs Norvex?
A: Norvex is run by its founder, Paul Lindqvist [1].
> What did he sell? => What did Paul Lindqvist sell?
> Where is it based? => Where is Norvex based?

Q: What did Mr Okafor tell the court?
A: He told the court that he had never met the witness [1].
> Was he convicted? => Was Mr Okafor convicted?

Q: Who leads Hayat Tahrir al-Sham?
A: Hayat Tahrir al-Sham is led by Abu Mohammed al-Golani [1].
Q: Where was he on Wednesday?
A: He toured Aleppo [1].
> And on Thursday? => Where was Abu Mohammed al-Golani on Thursday?

Q: Who leads Hayat Tahrir al-Sham?
A: Hayat Tahrir al-Sham is led by Abu Mohammed al-Golani [1].
Q: Where was he on Thursday?
A: He spoke from an undisclosed location [1].
> and the day before? => Where was Abu Mohammed al-Golani on Wednesday?

Q: What is Syria's capital?
A: The capital is Damascus [1].
Q: How far is Hama from it?
A: Hama is about 200 kilometres (125 miles) north of Damascus [1].
> What does Mr Assad have there? => What does Mr Assad have in Damascus?
> And who governs it? => Who governs Damascus?

Q: When did Mr Assad take power?
A: Mr Assad followed his father, Hafez Assad, in 2000 [1].
> Where is he now? => Where is Mr Assad now?

Q: Who is Dr Anna Reyes?
A: Anna Reyes is a biologist at the University of Bern [1].
> Who is her boss? => Who is Anna Reyes's boss?

Q: What is Syria's capital?
A: The capital is Damascus [1].
> How far is Hama from it? => How far is Hama from Damascus?
> And Lebanon's? => What is Lebanon's capital?
> Who controls it? => Who controls Damascus?

Q: Which city do the insurgents want next?
A: The insurgents' next target is likely to be the central city of Homs [1].
> How big is it? => How big is Homs?
> How big is it, compared with the country's other cities? => How big is Homs, compared with the country's other cities?
> How far is it from the capital? => How far is Homs from the capital?
> Who lives there? => Who lives in Homs?
> What is its population? => What is Homs's population?
> Who governs that city? => Who governs Homs?
> Why did Apple cut its forecast? => (as it is)
> Is there an air base near Latakia? => (as it is)
> Is it true that Trump won the election? => (as it is)
> What did he say? => (the model)

Q: Who entered Hama?
A: Insurgents entered Hama [1], not Damascus.
> How far is it from Damascus? => How far is Hama from Damascus?

Q: What was the Free Syrian Army renamed?
A: The Free Syrian Army is now called the Syrian National Army [1].
> And who commands it? => Who commands the Syrian National Army?

Q: Who won the match between Leeds and York?
A: Leeds won 2-1 [1].
> Where was it played? => Where was the match between Leeds and York played?

Q: When was the Kepler telescope launched?
A: The Kepler telescope was launched in March 2009 [1].
> What did it find? => What did the Kepler telescope find?

Q: What was the verdict?
A: The jury found the mayor guilty [1].
> When was it announced? => When was the verdict announced?

Q: Who entered Hama?
A: Insurgents entered Hama on Thursday [1].
> What did they claim? => What did insurgents claim?

Q: What do the nurses demand?
A: The nurses demand a pay rise of 9 per cent [1].
> When did they walk out? => When did the nurses walk out?

Q: Which countries kept Assad in power?
A: Russia and Iran kept Assad in power [1].
> What do they want? => What do Russia and Iran want?

Q: Why did the researchers stop the trial?
A: They stopped it because of side effects [1].
> What is their next step? => What is the researchers' next step?

Q: What happened in Hama in 1982?
A: Security forces under Hafez Assad killed thousands in Hama in 1982 to crush an uprising [1].
> Whose uprising was that? => Whose uprising was that in Hama in 1982?
> How many died? => How many died in Hama in 1982?

Q: Did the central bank raise rates?
A: Yes, the central bank raised rates to 5 per cent [1].
> When was that? => When did the central bank raise rates?

Q: When did the army withdraw from Hama?
A: The army withdrew on Thursday [1].
> why? => Why did the army withdraw from Hama?

Q: What did the army do?
A: The army withdrew from Hama [1].
> Why? => Why was it that the army withdrew from Hama?

Q: What does Russia want in Syria?
A: Russia wants to keep its bases [1].
> What about Iran? => What does Iran want in Syria?

Q: How many people were killed in Hama?
A: A number of troops were killed [1].
> And in Homs? => How many people were killed in Homs?

Q: What was inflation in Germany in 2022?
A: It was 8.7 per cent [1].
> And in 2023? => What was inflation in Germany in 2023?
> What about France? => What was inflation in France in 2022?
> And the year before? => What was inflation in Germany in 2021?

Q: How far is Hama from Homs?
A: About 25 miles [1].
> And from Damascus? => How far is Hama from Damascus?

Q: Who controls the police headquarters?
A: Opposition gunmen control it [1].
> And the prison? => Who controls the prison?

Q: Who met in Oslo?
A: Erik Solberg met Peter Hansen in Oslo [1].
> What did he say? => (the model)

Q: Which two cities fell?
A: Aleppo and Hama fell [1].
> How big is it? => (the model)

Q: Who won the Nobel Prize in Physics?
A: Katarina Weiss won the prize for her work on lasers [1].
> What did she discover? => What did Katarina Weiss discover?
> And in Chemistry? => Who won the Nobel Prize in Chemistry?

Q: Did the Senate pass the bill?
A: Yes, the Senate passed the bill 51 to 49 [1].
> When? => When did the Senate pass the bill?
> Why did it pass it? => (the model)

Q: How many jobs will Volkswagen cut?
A: Volkswagen will cut 35,000 jobs by 2030 [1].
> And how many plants will it close? => How many plants will Volkswagen close?
> What about BMW? => How many jobs will BMW cut?

Q: What happened in Valencia on Tuesday?
A: Flash floods killed more than 200 people in Valencia on Tuesday [1].
> How many people were missing? => How many people were missing in Valencia on Tuesday?
> And on Wednesday? => What happened in Valencia on Wednesday?

Q: Who was elected mayor of London?
A: Sadiq Khan was elected mayor of London [1].
> What is her programme? => What is Sadiq Khan's programme?

Q: What did the Fed do?
A: The Fed cut rates by half a point on Wednesday [1].
> Why did it do that? => (the model)
> When was that? => When was it that the Fed cut rates by half a point on Wednesday?

Q: Why did the rebels leave Aleppo?
A: The articles do not answer this question. Looked for: rebels, leave, Aleppo, in 2 articles.
> When did they leave? => When did the rebels leave?

Q: Which river burst its banks?
A: The Oder burst its banks near Wroclaw [1].
> How long is it? => How long is the Oder?

Q: Who is the chief of the Observatory?
A: Rami Abdurrahman is the chief of the Observatory [1].
> What did he tell The Associated Press? => What did Rami Abdurrahman tell The Associated Press?
> Where is Hama? => (as it is)
> Why did Netflix raise its prices? => (as it is)
> How many people attended the climate summit? => (as it is)

Q: What is the capital of Kenya?
A: Nairobi is the capital of Kenya [1].
> How many people live there? => How many people live in Nairobi?
> What about Uganda? => What is the capital of Uganda?

Q: When did the strike begin?
A: The strike began on 4 March [1].
> And when will it end? => When will the strike end?

Q: What did Marine Biologist Anna Reyes find?
A: Reyes found a new species of squid [1].
> Where did she find it? => (the model)

Q: What did Lena Hoff and Tom Berg invent?
A: They invented a battery [1].
> How old is he? => (the model)

Q: Who heads the IMF?
A: Kristalina Georgieva heads the IMF [1].
> What did Christine Lagarde say about her? => What did Christine Lagarde say about Kristalina Georgieva?

Q: When did SpaceX launch Starship?
A: SpaceX launched Starship on 20 April 2023 [1].
> Where did it explode? => (the model)

Q: What did Ursula von der Leyen propose?
A: She proposed a fund of 800 billion euros for defence [1].
> Where did she speak? => Where did Ursula von der Leyen speak?
> When? => When was it that Ursula von der Leyen proposed a fund of 800 billion euros for defence?

Q: Why did Boeing ground the 737 MAX?
A: Boeing grounded it after two crashes [1].
> How many planes did they ground? => How many planes did Boeing ground?

Q: Where did the earthquake strike?
A: The earthquake struck near Marrakesh [1].
> How strong was it? => How strong was the earthquake?
> How many people live there? => How many people live in Marrakesh?
> When was that? => When did the earthquake strike?

Q: Which minister resigned?
A: The health minister, Clara Voss, resigned on Monday [1].
> Why did she resign? => Why did Clara Voss resign?
> Why? => Why was it that the health minister, Clara Voss, resigned on Monday?

Q: When did the talks in Vienna end?
A: The talks in Vienna ended on Friday [1].
> Who took part in them? => Who took part in the talks?

Q: Who is Emma Stahl?
A: Emma Stahl is a climate scientist at the University of Bern [1].
> What did she find? => What did Emma Stahl find?
> What about Jonas Lund? => Who is Jonas Lund?
> Who won the Tour de France? => (as it is)

Q: How many goals did Haaland score in 2023?
A: Haaland scored 36 goals in 2023 [1].
> And in 2024? => How many goals did Haaland score in 2024?
> And Kane? => How many goals did Kane score in 2023?
> Which club does he play for? => Which club does Haaland play for?

Q: Was the law repealed?
A: The articles do not answer this question. Looked for: law, repealed, in 3 articles.
> Why? => Why was the law repealed?
> Who voted for it? => Who voted for the law?

Q: Who accused Assad's forces?
A: Rebels accused Assad's forces of using gas [1].
> When did they accuse them? => (the model)

Q: What did the court decide in the Google case?
A: The court decided that Google held a monopoly [1].
> Did Google say it would appeal? => (as it is)
> What did Microsoft say about its own search engine? => (as it is)
> Is there a deadline? => Is there a deadline in the Google case?

Q: Which hospital was hit?
A: The Al-Shifa hospital in Gaza City was hit on Sunday [1].
> How many patients were there? => (the model)

Q: Why did shares in Nvidia fall?
A: Shares in Nvidia fell after export limits were announced [1].
> By how much? => (the model)

Q: How many people voted in the referendum?
A: Some 3.2 million people voted in the referendum [1].
> How many were there in 2016? => (the model)

Q: What did the insurgents say on Telegram?
A: They said that they had entered Hama [1].
> Who leads them? => Who leads the insurgents?

Q: Which prison was taken?
A: The central prison in Hama was taken [1].
> How many were freed from it? => (the model)

Q: What is HTS?
A: HTS is a Sunni Islamist organisation [1].
> Who is the leader? => Who is the leader of HTS?
"""


def never(turns: list[tuple[str, str]], question: str) -> str:
    raise AssertionError("the model must not be asked")


def follow_ups() -> Iterator[tuple[tuple[str, ...], str, str]]:
    for conversation in CONVERSATIONS.strip().split("\n\n"):
        said = tuple(re.findall(r"^[QA]: (.+)$", conversation, re.MULTILINE))
        for question, expected in re.findall(r"^> (.+?\?)\s+=> (.+)$", conversation, re.MULTILINE):
            yield said, question, expected


def history_of(said: tuple[str, ...]) -> list[Message]:
    return [{"role": "assistant" if at % 2 else "user", "content": text} for at, text in enumerate(said)]


@pytest.mark.parametrize(("said", "question", "expected"), follow_ups())
def test_a_follow_up_becomes_a_question_that_stands_alone(said: tuple[str, ...], question: str, expected: str) -> None:
    if expected == "(the model)":
        rewritten = standalone(question, history_of(said), lambda turns, last: said[0])
        assert rewritten == said[0]
    else:
        expected = question if expected == "(as it is)" else expected
        assert standalone(question, history_of(said), never) == expected


def test_without_history_the_question_stays() -> None:
    assert standalone("Where does he live?", [], never) == "Where does he live?"


def test_what_the_model_says_is_used_where_rules_do_not_suffice() -> None:
    rewritten = standalone(FOR_THE_MODEL, HISTORY, lambda turns, question: "Is Rami Abdurrahman older?")
    assert rewritten == "Is Rami Abdurrahman older?"


def read_by_the_model(history: list[Message]) -> list[tuple[str, str]]:
    seen: list[tuple[str, str]] = []

    def rewrite(turns: list[tuple[str, str]], question: str) -> str:
        seen.extend(turns)
        return question

    standalone(FOR_THE_MODEL, history, rewrite)
    return seen


def test_the_model_reads_the_turns_without_citation_marks() -> None:
    assert read_by_the_model(HISTORY)[-1] == ("assistant", "Rami Abdurrahman heads the Observatory.")


def test_the_model_reads_a_refusal_without_the_words_it_looked_for() -> None:
    history = history_of(("Who heads it?", f"{REFUSAL} Looked for: Hezbollah, in 2 articles."))
    assert read_by_the_model(history)[-1] == ("assistant", REFUSAL)


def test_a_rewrite_that_brings_in_a_new_name_or_nothing_is_dropped() -> None:
    rewritten = standalone(FOR_THE_MODEL, HISTORY, lambda turns, question: "Is Erdogan older?")
    assert rewritten == "Who heads the Syrian Observatory for Human Rights? Which of the two is older?"
    unchanged = standalone(FOR_THE_MODEL, HISTORY, lambda turns, question: question)
    assert unchanged == rewritten


def test_a_rewrite_has_no_words_from_what_a_refusal_looked_for() -> None:
    history = history_of(("Who heads it?", f"{REFUSAL} Looked for: Hezbollah, in 2 articles."))
    rewritten = standalone(FOR_THE_MODEL, history, lambda turns, question: "Is Hezbollah older?")
    assert rewritten == "Who heads it? Which of the two is older?"


def test_who_was_named_five_questions_ago_is_still_known() -> None:
    said = ["Who is Rami Abdurrahman?", "The chief of the Observatory.", "Where was he on Monday?", "In Coventry."]
    said += ["And on Tuesday?", "In London."]
    assert standalone("And on Friday?", history_of(tuple(said)), never) == "Where was Rami Abdurrahman on Friday?"


@pytest.mark.parametrize("question", ["?", "What about?", "And (Homs?", "And C++?", "its?", "И что он сказал?", "*"])
def test_odd_questions_get_an_answer_too(question: str) -> None:
    assert standalone(question, HISTORY, lambda turns, last: "")
