"""Claims are cut exactly: tables over courts, companies, science, sport and wars."""

import pytest
from quotes import ACCUSED, CHIEF, ENTERED

from rag.claims import find_claims, own_subject


@pytest.mark.parametrize(
    ("quote", "claimant", "verb", "content"),
    [
        (ENTERED, "The insurgents", "claimed", "they had entered Hama and were marching toward its centre"),
        (
            "The Syrian army said it had withdrawn from Hama.",
            "The Syrian army", "said", "it had withdrawn from Hama",
        ),
        (
            "In a statement later that day, the country's military said a number of troops were killed.",
            "the country's military", "said", "a number of troops were killed",
        ),
        (
            "The announcement on Thursday came hours after opposition fighters said they had entered the city.",
            "opposition fighters", "said", "they had entered the city",
        ),
        (
            "The UK-based Syrian Observatory for Human Rights – an opposition war monitor – said gunmen control Hama.",
            "The UK-based Syrian Observatory for Human Rights", "said", "gunmen control Hama",
        ),
        (
            "The Food Standards Agency, a regulator, said fierce heat had spoiled the milk.",
            "The Food Standards Agency", "said", "fierce heat had spoiled the milk",
        ),
        (
            CHIEF, "the Observatory’s chief, Rami Abdurrahman", "told",
            "If Hama falls, it means that the beginning of the regime’s fall has started",
        ),
        (
            "“We won,” the coach, Ana Lima said before the final whistle.",
            "the coach, Ana Lima", "said", "We won",
        ),
        (
            "“Our forces are inside the city,” the channel quoted a local commander identified as Maj. Hassan "
            "Abdul-Ghani as saying.",
            "a local commander identified as Maj. Hassan Abdul-Ghani", "quoted", "Our forces are inside the city",
        ),
        (
            "Profits will double by 2030, the company said on Monday.",
            "the company", "said", "Profits will double by 2030",
        ),
        ("The mine leaked for years, according to the prosecutors.", "the prosecutors", "according to",
         "The mine leaked for years"),
        ("According to the union, 300 workers were dismissed.", "the union", "according to",
         "300 workers were dismissed"),
        ("Epic accused Apple of abusing its power.", "Epic", "accused", "Apple of abusing its power"),
        ("Lee Chan told reporters that the rocket was ready.", "Lee Chan", "told", "the rocket was ready"),
        ("The minister told the BBC taxes would rise.", "The minister", "told", "taxes would rise"),
        ("On Monday, the club said in a statement it had sacked the coach.", "the club", "said",
         "it had sacked the coach"),
        ("“The glacier lost a metre,” said Ida Berg, a geologist.", "Ida Berg", "said", "The glacier lost a metre"),
        ("However, Ada Obi, the head of the bank, described the fraud as a “small mistake”.", "Ada Obi", "described",
         "the fraud as a “small mistake”"),
        ("Police say the driver was drunk.", "Police", "say", "the driver was drunk"),
        ("The firm said the union claimed that pay was low.", "The firm", "said",
         "the union claimed that pay was low"),
        ("Maria Silva, who claimed that she owned the house, lost the case.", "Maria Silva", "claimed",
         "she owned the house"),
        ("That show won over Mr. Sheader, who said: “I was drawn.”", "Mr. Sheader", "said", "I was drawn"),
        ("Although some analysts claimed that Haaland should rest, he played.", "some analysts", "claimed",
         "Haaland should rest, he played"),
        ("It grew fast, according to the U.S. census of farms.", "the U.S. census of farms", "according to",
         "It grew fast"),
        ("Kim Dahl, who goes by “Bugha,” said he planned a tour.", "Kim Dahl", "said", "he planned a tour"),
        ("The firm said it would close the plant, which employs 500 people.", "The firm", "said",
         "it would close the plant"),
        ("Russia alleges Kyiv attacked the dam, but the United Nations has no proof.", "Russia", "alleges",
         "Kyiv attacked the dam"),
        ("The defence argued that the video was forged.", "The defence", "argued", "the video was forged"),
        ("Mr. Sato has repeatedly insisted that the data are sound.", "Mr. Sato", "insisted", "the data are sound"),
    ],
)  # fmt: skip
def test_a_claim_is_cut_exactly(quote: str, claimant: str, verb: str, content: str) -> None:
    (claim,) = find_claims(quote)
    assert (claim.claimant, claim.verb, quote[claim.start : claim.end]) == (claimant, verb, content)


def test_it_means_the_speaker_before() -> None:
    first, second = find_claims(ACCUSED)
    assert (first.claimant, second.claimant) == ("The Syrian army", "The Syrian army")
    assert ACCUSED[second.start : second.end] == "the attackers of relying on suicide attacks"


@pytest.mark.parametrize(
    "quote",
    [
        "Hama is a major intersection point in Syria.",
        "The bank was accused of fraud in 2019.",
        "The claims were settled for 5 million dollars.",
        "Western states have reports on the matter.",
        "The minister declined to say whether he would go.",
        "He is said to be ill.",
        "The film “He Said It” opened on Friday.",
        "The spokesman said nothing.",
        "They seemed to know the claim by elders that the well is old.",
        "Raiders claim wide receiver Jordan Lasley.",
        "One could say that the sport has been built on trust.",
        "The group, called the Free Army, has been pushing back forces.",
    ],
)
def test_no_claim_is_seen_where_nobody_claims(quote: str) -> None:
    assert find_claims(quote) == []


@pytest.mark.parametrize(
    ("quote", "claimant", "content"),
    [
        (
            "In a statement later that day, the country's military said a number of troops were killed, accusing "
            "insurgents of relying on suicide attacks.",
            "the country's military", "insurgents of relying on suicide attacks",
        ),
        ("The airline cancelled all flights, blaming the strike for the chaos.", "The airline",
         "the strike for the chaos"),
        ("Norsk Hydro cut its forecast, saying that demand was weak.", "Norsk Hydro", "demand was weak"),
        ("The minister resigned on Monday, claiming that the press had lied.", "The minister", "the press had lied"),
        ("Epic sued Apple in May, alleging that the fees broke the law.", "Epic", "the fees broke the law"),
        ("The court heard that Ravn left early. Ravn appealed, alleging bias.", "Ravn", "bias"),
        ("“The ice is thin,” Ida Berg said, adding that the lake was closed.", "Ida Berg", "the lake was closed"),
        ("Profits will double, the firm said on Monday, adding that the jobs were safe.", "the firm",
         "the jobs were safe"),
        ("However, the club fired its coach, arguing that he had lost the team.", "the club", "he had lost the team"),
        ("The captain was fined. He appealed, insisting that he was innocent.", "The captain", "he was innocent"),
        ("The union blamed the firm for the accident.", "The union", "the firm for the accident"),
    ],
)  # fmt: skip
def test_the_main_clause_speaks_on_in_a_participle(quote: str, claimant: str, content: str) -> None:
    claim = find_claims(quote)[-1]
    assert (claim.claimant, quote[claim.start : claim.end]) == (claimant, content)


def test_what_was_said_first_ends_before_the_participle() -> None:
    quote = "The firm said profits fell, adding that jobs were safe."
    assert [quote[claim.start : claim.end] for claim in find_claims(quote)] == ["profits fell", "jobs were safe"]


@pytest.mark.parametrize(
    "quote",
    [
        "The group grew fast, adding 300 shops.",
        "The bank won the case, claiming damages of 5 million.",
        "The storm was blamed for the delays.",
        "The channel posted a film of a man saying that he was safe.",
        "After the police came, saying that word was enough to be held.",
    ],
)
def test_a_participle_that_claims_nothing_is_no_claim(quote: str) -> None:
    assert find_claims(quote) == []


@pytest.mark.parametrize(
    ("clause", "subject"),
    [
        ("opposition gunmen now control the police headquarters", "opposition gunmen"),
        ("a number of troops were killed after days", "a number of troops"),
        ("the wounded soldier fled", "the wounded soldier"),
        ("Turkish-backed militias took the town", "Turkish-backed militias"),
        ("gunmen control the base", "gunmen"),
        ("the man who ran the shop was ill", "the man"),
        ("insurgents of relying on suicide attacks", "insurgents"),
        ("it had withdrawn", None),
        ("their forces were safe", None),
        ("there were fierce battles", None),
        ("on Monday the rebels took Hama", None),
        ("if Hama falls, the war is lost", None),
    ],
)
def test_the_subject_of_a_clause_is_a_noun_phrase_of_its_own(clause: str, subject: str | None) -> None:
    assert own_subject(clause) == subject
