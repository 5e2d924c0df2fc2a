"""What a party claims is not stated as a fact: tables over courts, companies, science, sport and wars."""

import pytest

from rag.attribution import attributed, wrong_speaker

ENTERED = (
    "The insurgents claimed on their Telegram channel on Thursday that they had entered Hama and were marching "
    "toward its centre."
)
WITHDREW = (
    "The Syrian army said it had withdrawn from Hama after insurgents broke through its defences on Thursday morning."
)
ACCUSED = (
    "The Syrian army said in a statement later that a number of troops were killed after resisting the insurgents for "
    "days. It accused the attackers of relying on suicide attacks."
)
CHIEF = (
    "“If Hama falls, it means that the beginning of the regime’s fall has started,” the Observatory’s chief, Rami "
    "Abdurrahman, told The Associated Press before the city’s capture."
)


@pytest.mark.parametrize(
    ("sentence", "quote", "question", "expected"),
    [
        (
            "They had entered Hama and were marching toward its centre.", ENTERED, "What did the channel report?",
            "According to the insurgents, they had entered Hama and were marching toward its centre.",
        ),
        (
            "The Syrian army withdrew from Hama on Thursday.", WITHDREW, "What happened in Hama on Thursday?",
            "By its own account, the Syrian army withdrew from Hama on Thursday.",
        ),
        (
            "The insurgents entered Hama.", ENTERED, "Which city was entered?",
            "By their own account, the insurgents entered Hama.",
        ),
        (
            "The attackers relied on suicide attacks.", ACCUSED, "How were the defences broken?",
            "According to the Syrian army, the attackers relied on suicide attacks.",
        ),
        (
            "Suicide attacks.", ACCUSED, "What did the attackers rely on?",
            "According to the Syrian army, suicide attacks.",
        ),
        (
            "Apple abused its power.", "Epic accused Apple of abusing its power.", "What is the case about?",
            "According to Epic, Apple abused its power.",
        ),
        (
            "The mine leaked for years.", "The mine leaked for years, according to the prosecutors.", "What leaked?",
            "According to the prosecutors, the mine leaked for years.",
        ),
        (
            "Profits will double by 2030.", "Profits will double by 2030, the company said on Monday.",
            "What is to happen by 2030?", "According to the company, profits will double by 2030.",
        ),
        (
            "Kyiv attacked the dam.", "Russia alleges Kyiv attacked the dam, but the United Nations has no proof.",
            "What happened to the dam?", "According to Russia, Kyiv attacked the dam.",
        ),
        (
            "5 December 2024.", ENTERED, "On what date did the insurgents enter Hama?",
            "According to the insurgents, 5 December 2024.",
        ),
        (
            "The driver was drunk.", "Police say the driver was drunk.", "Why did the bus crash?",
            "According to police, the driver was drunk.",
        ),
        (
            "The glacier lost a metre.", "“The glacier lost a metre,” said Ida Berg, a geologist.", "What shrank?",
            "According to Ida Berg, the glacier lost a metre.",
        ),
        (
            "The rocket is ready.", "Lee Chan told reporters that the rocket was ready.", "Can it be launched?",
            "According to Lee Chan, the rocket is ready.",
        ),
        (
            "The state bank raised its death toll.", "The union said the state bank had raised its death toll.",
            "What rose?", "According to the union, the state bank raised its death toll.",
        ),
        (
            "She owned the house.", "Maria Silva, who claimed that she owned the house, lost the case.",
            "Whose is the house?", "According to Maria Silva, she owned the house.",
        ),
        (
            "The fraud was a small mistake.",
            "Ada Obi, the head of the bank, described the fraud as a “small mistake”.",
            "What was the fraud?", "According to Ada Obi, the fraud was a small mistake.",
        ),
    ],
)  # fmt: skip
def test_a_claim_gets_its_claimant(sentence: str, quote: str, question: str, expected: str) -> None:
    assert attributed(sentence, quote, question) == expected


@pytest.mark.parametrize(
    ("sentence", "quote", "question"),
    [
        ("The insurgents claimed that they had entered Hama.", ENTERED, "What happened?"),
        ("According to the insurgents, Hama was entered.", ENTERED, "What happened?"),
        ("The Observatory.", "The Observatory said gunmen control the air base.",
         "Who said that gunmen control the base?"),
        ("Gunmen control the air base.", "The Observatory said gunmen control the air base.",
         "Who said what about the base?"),
        ("The prosecutors.", "The mine leaked, according to the prosecutors.", "According to whom did the mine leak?"),
        ("The plant employs 500 people.", "The firm said it would close the plant, which employs 500 people.",
         "How many people does the plant employ?"),
        ("Maria Silva lost the case.", "Maria Silva, who claimed that she owned the house, lost the case.",
         "Who lost?"),
        ("Homs is about 25 miles south of Hama.", "Homs is about 25 miles south of Hama.", "Where is Homs?"),
        ("Suicide attacks.", ACCUSED, "What kind of attacks did the army say the insurgents relied on?"),
        ("Suicide attacks.", "The country’s military accused insurgents of relying on suicide attacks.",
         "What did the army say the insurgents relied on?"),
        ("The start of the fall.", "“It is the start of the fall,” the monitor’s chief, Rami Lund, said.",
         "What is it, in the words of the monitor’s chief?"),
        ("The United Nations has no proof.",
         "Russia alleges Kyiv attacked the dam, but the United Nations has no proof.", "Who has no proof?"),
        ("The interview was given before the city’s capture.", CHIEF, "When was the interview given?"),
        ("Hama was captured.", "Hama was captured. The insurgents said Hama was captured.", "What was captured?"),
    ],
)  # fmt: skip
def test_what_needs_no_claimant_stays_as_it_is(sentence: str, quote: str, question: str) -> None:
    assert attributed(sentence, quote, question) == sentence


def test_a_name_keeps_its_capital() -> None:
    quote = "The court heard that Ravn sold shares. The lawyer said Ravn had sold the shares to a friend."
    assert attributed("Ravn sold them to a friend.", quote, "What happened?").startswith(
        "According to the lawyer, Ravn"
    )
    assert attributed("I am innocent.", "“I am innocent,” Ravn said.", "What happened?") == (
        "According to Ravn, I am innocent."
    )


@pytest.mark.parametrize(
    ("sentence", "quote", "expected"),
    [
        ("Golani said that the beginning of the regime’s fall had started.", CHIEF,
         "the quote is Rami Abdurrahman’s, not Golani’s"),
        ("The insurgents said they had withdrawn from Hama.", WITHDREW,
         "the quote is the Syrian army’s, not the insurgents’"),
        ("The glacier lost a metre, according to Per Holm.", "“The glacier lost a metre,” said Ida Berg, a geologist.",
         "the quote is Ida Berg’s, not Per Holm’s"),
        ("Apple accused Epic of abusing its power.", "Epic accused Apple of abusing its power.",
         "the quote is Epic’s, not Apple’s"),
        ("The Telegraph said the club was for sale.", "The Guardian said the club was for sale.",
         "the quote is the Guardian’s, not the Telegraph’s"),
        ("The defence argued that the video was real evidence.",
         "The prosecutors argued that the video was real evidence.",
         "the quote is the prosecutors’, not the defence’s"),
    ],
)  # fmt: skip
def test_words_given_to_another_speaker_are_seen(sentence: str, quote: str, expected: str) -> None:
    assert wrong_speaker(sentence, quote) == expected


@pytest.mark.parametrize(
    ("sentence", "quote"),
    [
        ("Abdurrahman said that the regime’s fall had started.", CHIEF),
        ("The Observatory’s chief said that the regime’s fall had started.", CHIEF),
        ("The military said a number of troops were killed.", ACCUSED),
        ("HTS’s leader said the city was free.", "“The city is free,” Abu Mohammed al-Golani said."),
        ("The firm said the plant would close.", "“The plant will close,” Olga Petrova said."),
        ("The regime’s fall has started.", CHIEF),
        ("Rebel army units said the town was free.", "The army said the town was free."),
        ("Lind said the price was fair.", "“The weather was bad,” Okoro said."),
        ("He said that the regime’s fall had started.", CHIEF),
        (
            "SOHR said fierce battles were fought.",
            "The Syrian Observatory for Human Rights said fierce battles were fought.",
        ),
        ("Moscow said the dam was hit.", "The dam was hit, according to Russia."),
        ("The minister said the plant would close.", "“The plant will close,” Olga Petrova said."),
    ],
)
def test_the_same_or_an_unclear_speaker_passes(sentence: str, quote: str) -> None:
    assert wrong_speaker(sentence, quote) is None
