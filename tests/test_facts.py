"""What a sentence must have from what it cites: tables over courts, companies, science, sport and wars."""

from datetime import date

import numpy as np
import pytest

from rag.evidence import Evidence
from rag.facts import day_words, days_of, lacking
from rag.words import content_words

HOMS = "The next target is likely to be the central city of Homs. It lies about 25 miles south of Hama."
LEFT = "The Syrian army said it had withdrawn from Hama after insurgents broke through on Thursday morning."


def said(quote: str, title: str = "News", day: date | None = date(2024, 12, 5)) -> Evidence:
    return Evidence(
        number=1, article="a.txt", title=title, date=day, page=None, start=0, end=len(quote), quote=quote,
        kind="prose", carriers=("a.txt",), similarity=0.5, coverage=0.5,
        vector=np.array([1.0, 0.0], dtype=np.float32), words=frozenset(content_words(quote)),
    )  # fmt: skip


def reason(sentence: str, quote: str, question: str = "") -> str | None:
    return lacking(sentence, [said(quote)], question)


# ------------------------------------------------------------------------------------- numbers, dates and names


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("Homs lies 40 miles south of Hama.", "the number 40 is in no article found"),
        ("Homs lies 25 kilometres south of Hama.", "the number 25 is in no article found"),
        ("Homs has 5,000,000 people.", "the number 5,000,000 is in no article found"),
        ("Homs has 12,5 million people.", "the number 12,5 million is in no article found"),
        ("The army left Hama on 6 December 2024.", "the date 6 December 2024 is in no article found"),
        ("Hassan Nasrallah spoke about Hama.", "the name Hassan is in no article found"),
    ],
)
def test_an_invented_number_date_or_name_is_named(sentence: str, expected: str) -> None:
    assert lacking(sentence, [said(HOMS), said(LEFT)]) == expected


@pytest.mark.parametrize(
    "sentence",
    [
        "Homs is twenty-five miles south of Hama.",
        "The Syrian army withdrew on 5 December 2024.",
        "The Syrian army withdrew on Thursday.",
        "The army left in December 2024.",
    ],
)
def test_other_spellings_of_what_the_quotes_say_pass(sentence: str) -> None:
    assert lacking(sentence, [said(HOMS), said(LEFT)]) is None


@pytest.mark.parametrize(
    ("sentence", "quote"),
    [
        ("The bus came around first.", "The bus came before the tram."),
        ("First, the pump was switched off.", "The pump was switched off and the valve was closed."),
        ("The drug was first sold as a painkiller.", "The drug was sold as a painkiller before it was banned."),
        ("Mwangi finished first.", "Mwangi won the marathon in Nairobi."),
    ],
)
def test_first_as_an_adverb_is_no_number(sentence: str, quote: str) -> None:
    assert reason(sentence, quote) is None


@pytest.mark.parametrize(
    ("sentence", "quote"),
    [
        ("Porto is the fourth largest city.", "Porto is the second largest city of Portugal."),
        ("It was the first attack on the port.", "The attack on the port killed a guard."),
        ("Lena took her first medal.", "Lena took a medal in the slalom."),
        ("He is the country’s 3rd president.", "He is the country’s president."),
    ],
)
def test_a_rank_must_stand_in_the_quotes(sentence: str, quote: str) -> None:
    assert (reason(sentence, quote) or "").startswith("the number")


@pytest.mark.parametrize(
    ("sentence", "quote"),
    [
        ("Taking Aleppo was a prize.", "The capture of Aleppo was a prize."),
        ("Following Okafor’s appeal, the fine was dropped.", "The fine was dropped when Okafor appealed."),
        ("Despite Merck’s protest, the patent lapsed.", "The patent lapsed in spite of a protest by Merck."),
        ("Since Brexit, exports have slowed.", "Exports have slowed, and Brexit is blamed."),
    ],
)
def test_a_common_word_before_a_name_is_no_name(sentence: str, quote: str) -> None:
    assert reason(sentence, quote) is None


@pytest.mark.parametrize(
    ("sentence", "quote", "question"),
    [
        (
            "In 2015 the court ruled for the miners.",
            "The court ruled for the miners.",
            "What did the court do in 2015?",
        ),
        ("The two countries are Peru and Chile.", "Peru and Chile signed it.", "Which two countries signed it?"),
        ("The 40-seat bus fell into the river.", "The bus fell into the river.", "What happened to the 40-seat bus?"),
    ],
)
def test_a_number_of_the_question_need_not_be_proved_again(sentence: str, quote: str, question: str) -> None:
    assert reason(sentence, quote) is not None
    assert reason(sentence, quote, question) is None


@pytest.mark.parametrize(
    ("sentence", "proved"),
    [
        ("Fourteen people were injured.", False),
        ("Four people were injured.", True),
        ("Four people were injured, not fourteen.", True),
    ],
)
def test_a_number_that_the_quote_denies_proves_nothing_even_if_the_question_gives_it(
    sentence: str, proved: bool
) -> None:
    quote = "Four people were injured when the tram left the rails, not fourteen."
    assert (reason(sentence, quote, "Why were fourteen people injured?") is None) is proved


@pytest.mark.parametrize(
    ("sentence", "quote", "question"),
    [
        ("Yes, Homs is 40 miles from Hama.", "Homs is close to Hama.", "Is Homs 40 miles from Hama?"),
        ("Homs is 40 miles off for the road.", "Homs is 25 miles from Hama.", "Why is Homs 40 miles from Hama?"),
        ("Vega won in 2015.", "Vega won in 2016.", "Who won in 2015?"),
        ("Braga is the third largest city.", "Braga is the fourth largest city.", "Which is the third largest city?"),
        ("The insurgents took Homs.", "The insurgents took Hama.", "When did the insurgents take Homs?"),
        ("On 3 May 2024 the vote was held.", "The vote was held.", "Who won on 3 May 2024?"),
    ],
)
def test_what_a_question_may_have_wrong_must_be_proved(sentence: str, quote: str, question: str) -> None:
    assert (reason(sentence, quote, question) or "").endswith("is in no article found")


def test_a_name_of_the_title_counts() -> None:
    assert (
        lacking("Boeing delivered the jets.", [said("The company delivered the jets.", title="Boeing delivers")])
        is None
    )


@pytest.mark.parametrize(
    "quote",
    [
        "In a statement later that day, the country’s military said troops were killed.",
        "The same day, the military said troops were killed.",
        "The military said that morning that troops were killed.",
        "Hours after the battle, the military said troops were killed.",
    ],
)
def test_the_same_day_is_the_day_of_the_article(quote: str) -> None:
    assert reason("On Thursday 5 December the military said troops were killed.", quote) is None
    assert reason("On Friday 6 December the military said troops were killed.", quote) is not None


@pytest.mark.parametrize(
    "quote",
    [
        "The military said troops were killed.",
        "On 3 March the bridge fell. Later that day, the military said troops were killed.",
    ],
)
def test_the_day_of_the_article_alone_proves_no_date(quote: str) -> None:
    assert reason("On 5 December the military said troops were killed.", quote) is not None


def test_without_a_date_of_the_article_the_same_day_means_nothing() -> None:
    quote = said("Later that day, the military said troops were killed.", day=None)
    assert lacking("On 5 December 2024 the military said troops were killed.", [quote]) is not None


def test_an_acronym_is_proved_by_the_words_it_stands_for() -> None:
    assert reason("The SNA fought in Aleppo.", "The Syrian National Army fought in Aleppo.") is None
    assert reason("HTS led it.", "Hayat Tahrir al-Sham led it.") is None


def test_words_are_not_proved_by_an_acronym() -> None:
    assert reason("It was the Syrian National Army that fought.", "SNA fighters fought.") is not None


# --------------------------------------------------------------------------------------------------- negation

OPPOSITE = "the articles say the opposite"


@pytest.mark.parametrize(
    ("sentence", "quote"),
    [
        ("The army did not withdraw from Hama.", "The army withdrew from Hama on Thursday."),
        ("The court has not convicted the banker.", "The court convicted the banker of fraud."),
        ("The minister never resigned.", "The minister resigned after the vote."),
        ("The drug didn’t reduce the pain.", "In the trial, the drug reduced the pain of most patients."),
        ("No passengers were injured.", "Twelve passengers were injured in the crash."),
        ("Nobody was hurt.", "Three people were hurt in the fire."),
        ("Toyota refused to recall the cars.", "Toyota recalled the cars in May."),
        ("The probe failed to land on the Moon.", "The probe landed on the Moon."),
        ("The striker denied taking steroids.", "The striker admitted taking steroids."),
        ("The firm is no longer listed in Oslo.", "The firm is listed in Oslo."),
        ("The union cannot strike.", "The union can strike from Monday."),
    ],
)
def test_a_denial_of_what_the_quote_affirms_is_withheld(sentence: str, quote: str) -> None:
    assert reason(sentence, quote) == OPPOSITE


@pytest.mark.parametrize(
    ("sentence", "quote"),
    [
        ("The army withdrew from Hama.", "The army did not withdraw from Hama."),
        ("The vaccine prevented infection.", "The vaccine didn’t prevent infection, the study says."),
        ("The jury convicted Silva.", "The jury failed to convict Silva."),
        ("The airline paid the fine.", "The airline refused to pay the fine."),
        ("Kane scored in the final.", "Kane never scored in the final."),
        ("Passengers were injured.", "No passengers were injured, police said."),
        ("The senator had paid the dealer.", "The senator denied that he had paid the dealer."),
        ("The suspect is guilty.", "The jury found that the suspect was not guilty."),
    ],
)
def test_an_affirmation_of_what_the_quote_denies_is_withheld(sentence: str, quote: str) -> None:
    assert reason(sentence, quote) == OPPOSITE


@pytest.mark.parametrize(
    ("sentence", "quote"),
    [
        ("The army did not withdraw.", "The army refused to withdraw."),
        ("The army left the town.", "The army did not leave until Friday, when it left the town."),
        ("The train left on Friday.", "The train did not leave until Friday."),
        ("The court fined Apple.", "The court fined Apple but not Google."),
        ("The court did not fine Google.", "The court fined Apple but not Google."),
        ("The team not only won but set a record.", "The team won and set a record."),
        ("Rivera paid no more than 5 dollars.", "Rivera paid 5 dollars."),
        ("No credit: the bank lent farmers nothing.", "The bank did not lend to farmers."),
        ("The army did not withdraw.", "The team withdrew from the cup."),
        ("Oslo is a member of the council.", "Oslo was not a member of the league."),
        ("The comet was not visible.", "Astronomers could see no comet."),
        ("Apple sold the unit.", "Apple sold the unit. Google did not sell its own."),
        ("The plant closed without paying workers.", "The plant closed and has not paid workers."),
        ("No 10 declined to comment.", "No 10 declined to comment."),
        ("The advance is not vengeful.", "He described the advance as “not vengeful, but one of mercy”."),
        ("The bank has offices in Lagos.", "The bank, which has offices in Lagos, does not lend to farmers."),
        ("The group fought government forces.", "The group has been fighting not only government forces but Kurds."),
    ],
)
def test_a_negation_that_changes_nothing_passes(sentence: str, quote: str) -> None:
    assert reason(sentence, quote) is None


# -------------------------------------------------------------------------------------------------- opposites


@pytest.mark.parametrize(
    ("sentence", "quote", "expected"),
    [
        ("Homs is 25 miles north of Hama.", HOMS, "the articles say south, not north"),
        ("Homs is 25 miles east of Hama.", HOMS, "the articles say south, not east"),
        ("The sales increased in May.", "The sales decreased in May.", "the articles say decreased, not increased"),
        ("Inflation rose to 4%.", "Inflation fell to 4%.", "the articles say fell, not rose"),
        ("Lagos is the smallest city.", "Lagos is the largest city.", "the articles say largest, not smallest"),
        ("The judge left before the verdict.", "The judge left after the verdict.",
         "the articles say after, not before"),
        ("Ines is the youngest sister.", "Ines is the oldest sister.", "the articles say oldest, not youngest"),
        ("Nadal lost the final.", "Nadal won the final in Paris.", "the articles say won, not lost"),
        ("Toyota sold the mine.", "Toyota bought the mine for cash.", "the articles say bought, not sold"),
        ("The court acquitted Lin.", "The court convicted Lin of theft.", "the articles say convicted, not acquitted"),
        ("The senate rejected the bill.", "The senate approved the bill.", "the articles say approved, not rejected"),
        ("She was the last president.", "She was the only female and first president.",
         "the articles say first, not last"),
        ("Fewer than 100 people came.", "More than 100 people came.", "the articles say more than, not fewer than"),
        ("The army left Hama on Thursday evening.", LEFT, "the articles say morning, not evening"),
        ("The base is in eastern Poland.", "The base is in western Poland.", "the articles say western, not eastern"),
    ],
)  # fmt: skip
def test_an_opposite_is_named(sentence: str, quote: str, expected: str) -> None:
    assert reason(sentence, quote) == expected


@pytest.mark.parametrize(
    ("sentence", "quote"),
    [
        ("Hama is 25 miles north of Homs.", "Homs is 25 miles south of Hama."),
        ("The verdict came after the judge left.", "The judge left before the verdict came."),
        ("England lost to Spain.", "Spain won against England."),
        ("Activision was sold to Microsoft.", "Microsoft bought Activision."),
        ("Profits fell.", "Profits fell as costs rose."),
        ("Homs is south of Hama.", "Homs is south of Hama and north of Damascus."),
        ("The first attack was last year.", "The first attack was last year."),
        ("The winner was first named in May.", "Last year, the winner was named in May."),
        ("Over 100 people were arrested.", "100 people were arrested under a new law."),
        ("Over 100 people were arrested.", "Under a new law, 100 people were arrested."),
        ("Hama links the north with the west.", "Hama links the centre with the north, the east and the west."),
        ("The talks came before the war.", "The talks came before the war and after the vote."),
    ],
)
def test_an_opposite_that_says_the_same_passes(sentence: str, quote: str) -> None:
    assert reason(sentence, quote) is None


def test_the_same_direction_with_the_places_exchanged_is_withheld() -> None:
    assert reason("Hama is 25 miles south of Homs.", HOMS) == "the articles say it the other way round"
    assert reason("Homs is 25 miles south of Hama.", HOMS) is None


def test_an_opposite_in_the_question_is_withheld_where_the_quote_is_plain() -> None:
    sentence, quote = "The profit of Shell increased.", "The profit of Shell decreased."
    assert reason(sentence, quote, "Has the profit of Shell increased?") is not None
    assert reason("The vote increased.", "Costs of the vote decreased.", "By how much did it increase?") is None


# ------------------------------------------------------------------------------------------------------- days


def test_the_days_of_a_statement_are_read_on_the_day_of_its_article() -> None:
    (day,) = days_of(said("It happened on Wednesday."))
    assert day.as_date() == date(2024, 12, 4)
    assert day_words(day) == ["wednesday", "4", "decemb", "2024"]


@pytest.mark.parametrize(
    ("answer", "quote", "proved"),
    [
        ("The trial opens on Monday, 2 December 2024.", "The trial opens on Monday week.", False),
        ("The trial opens on Monday.", "The trial opens on Monday week.", False),
        ("The trial opens on Monday week.", "The trial opens on Monday week.", True),
        ("The trial opened on Monday (2 December 2024).", "The trial opens on Monday.", False),
        ("The trial opens on Monday.", "The trial opens on Monday.", True),
        ("The attack on Tuesday killed four.", "Tuesday’s attack killed four.", True),
        ("The attack on Wednesday killed four.", "Tuesday’s attack killed four.", False),
        ("He was seized on Friday, 29 November 2024.", "He was seized on Friday the 13th of last month.", False),
        ("They met on Thursday, 28 November.", "They met on 28 November.", True),
    ],
)
def test_a_weekday_proves_a_date_only_where_it_means_that_day(answer: str, quote: str, proved: bool) -> None:
    assert (reason(answer, quote) is None) is proved
