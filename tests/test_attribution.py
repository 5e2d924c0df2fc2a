"""What a party claims is not stated as a fact: tables over courts, companies, science, sport and wars."""

import pytest
from quotes import ACCUSED, CHIEF, ENTERED

from rag.attribution import attributed, wrong_doer, wrong_speaker

WITHDREW = (
    "The Syrian army said it had withdrawn from Hama after insurgents broke through its defences on Thursday morning."
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


OBSERVATORY = (
    "The UK-based Syrian Observatory for Human Rights – an opposition war monitor – said opposition gunmen now control "
    "the police command headquarters in Hama as well as the sprawling air base and the central prison from where "
    "hundreds of detainees were set free."
)
KILLED = (
    "The Syrian army said in a statement later that a number of troops were killed after resisting the insurgents for "
    "days."
)
MILITARY = (
    "In a statement later that day, the country’s military said a number of troops were killed, accusing insurgents of "
    "relying on suicide attacks."
)
CHANNEL = (
    "The insurgents claimed on their military operations channel on the Telegram app Thursday that they have entered "
    "Hama and are marching toward its centre."
)


@pytest.mark.parametrize(
    ("sentence", "quote", "expected"),
    [
        ("The UK-based Syrian Observatory for Human Rights now controls the police command headquarters in Hama.",
         OBSERVATORY,
         "the quote says that of opposition gunmen, not of the UK-based Syrian Observatory for Human Rights"),
        ("The Observatory controls the sprawling air base and the central prison.", OBSERVATORY,
         "the quote says that of opposition gunmen, not of the UK-based Syrian Observatory for Human Rights"),
        ("SOHR controls the central prison.", OBSERVATORY,
         "the quote says that of opposition gunmen, not of the UK-based Syrian Observatory for Human Rights"),
        ("The Syrian army killed a number of troops.", KILLED,
         "the quote does not say that the Syrian army did that"),
        ("The country’s military relied on suicide attacks.", MILITARY,
         "the quote says that of insurgents, not of the country’s military"),
        ("Epic abused its power.", "Epic accused Apple of abusing its power.",
         "the quote says that of Apple, not of Epic"),
        ("A spokesman will close the plant in June.", "A spokesman said the company would close the plant in June.",
         "the quote says that of the company, not of a spokesman"),
        ("Apple blocked the deal.", "Apple said the deal had been blocked by European regulators.",
         "the quote says that of European regulators, not of Apple"),
        ("The police shot two men.", "The police said the suspect shot two men before he fled.",
         "the quote says that of the suspect, not of the police"),
        ("The prosecutors sold the shares to a friend.",
         "The prosecutors argued that Ravn had sold the shares to a friend.",
         "the quote says that of Ravn, not of the prosecutors"),
        ("Ida Berg lost a metre.", "“The glacier lost a metre,” said Ida Berg, a geologist.",
         "the quote says that of the glacier, not of Ida Berg"),
        ("The club will leave in June.", "The club said the coach would leave in June.",
         "the quote says that of the coach, not of the club"),
        ("Yes, Russia attacked the dam.", "Russia alleges Kyiv attacked the dam, but others have no proof.",
         "the quote says that of Kyiv, not of Russia"),
        ("Mr. Sato falsified the data.", "Mr. Sato insisted that a rival had falsified the data.",
         "the quote says that of a rival, not of Mr. Sato"),
        ("Witnesses opened fire on the crowd.", "Witnesses said two masked men opened fire on the crowd.",
         "the quote says that of two masked men, not of witnesses"),
        ("The study’s author drank four cups a day.", "The study’s author said volunteers drank four cups a day.",
         "the quote says that of volunteers, not of the study’s author"),
        ("The league breached the rules.", "The league accused the club of having breached the rules.",
         "the quote says that of the club, not of the league"),
        ("The bank stole the money.", "The bank told customers that hackers had stolen the money.",
         "the quote says that of hackers, not of the bank"),
        ("On Monday, the union raised its death toll.", "The union said the state bank had raised its death toll.",
         "the quote says that of the state bank, not of the union"),
    ],
)  # fmt: skip
def test_the_speaker_is_not_taken_for_the_doer(sentence: str, quote: str, expected: str) -> None:
    assert wrong_doer(sentence, quote) == expected


@pytest.mark.parametrize(
    ("sentence", "quote"),
    [
        ("The Syrian army withdrew from Hama.", WITHDREW),
        ("The Syrian army admitted that a number of troops had been killed.", KILLED),
        ("According to the Syrian army, a number of troops were killed.", KILLED),
        ("The Syrian army lost a number of troops.", KILLED),
        ("Opposition gunmen control the central prison.", OBSERVATORY),
        ("The company closed the plant.", "The company said profits fell after it closed the plant."),
        ("The company has a plant in Ohio.", "The company said fire destroyed the plant in Ohio."),
        ("The company bought a warehouse.", "The company said fire destroyed the warehouse it bought in 2019."),
        ("The company dismissed 300 workers.", "The company said 300 workers had been dismissed."),
        ("The company must pay 5 million.", "The company said the court ordered it to pay 5 million."),
        ("Police arrested a man.", "Police said a man had been arrested."),
        ("Moscow took the town.", "Moscow said Russian forces had taken the town."),
        ("Israel struck the port.", "Israel said jets had struck the port."),
        ("The army was attacked in Homs.", "The army said insurgents attacked bases in Homs."),
        ("The army left the city.", "The army said troops had left the city."),
        ("The army’s base was attacked.", "The army said insurgents attacked the base."),
        ("Apple was sued by Epic.", "Apple said Epic had sued the company."),
        ("The coach won the cup.", "The coach said the team won the cup."),
        ("The insurgents killed 20 soldiers.", "The insurgents said 20 soldiers were killed."),
        ("The head of the bank resigned.", "The bank said the head of its legal arm resigned."),
        ("The army withdrew.", "The army withdrew. It said the rebels withdrew too."),
        ("The firm will open a shop.", "The firm said it would open a shop. It said rivals would open a shop."),
        ("Hama is a major intersection.", "Hama is a major intersection."),
        ("The hospital treated 40 people.", "The hospital said 40 people had been treated by doctors."),
        ("The court ruled that the firm was guilty.", "The court said the firm was guilty."),
        ("The mayor opened the bridge in May.", "The mayor said the bridge opened in May."),
        ("The army hit the base.", "The army said shelling by the army hit the base."),
        ("Analysts hope prices fall in May.", "Analysts said prices would fall in May."),
        ("The lab found water on Mars.", "The lab said its probe found water on Mars."),
    ],
)
def test_the_right_or_an_unclear_doer_passes(sentence: str, quote: str) -> None:
    assert wrong_doer(sentence, quote) is None


@pytest.mark.parametrize(
    ("sentence", "quote", "question", "expected"),
    [
        ("Yes, the insurgents used suicide attacks.", MILITARY, "Did the insurgents use suicide attacks?",
         "Yes, according to the country’s military, the insurgents used suicide attacks."),
        ("Yes, the insurgents used suicide attacks.", ACCUSED, "Did the insurgents use suicide attacks?",
         "Yes, according to the Syrian army, the insurgents used suicide attacks."),
        ("Yes.", ACCUSED, "Did the attackers rely on suicide attacks?", "Yes, according to the Syrian army."),
        ("Yes, the Syrian army withdrew from Hama.", WITHDREW, "Has the Syrian army withdrawn from Hama?",
         "Yes, by its own account, the Syrian army withdrew from Hama."),
        ("No, jobs are safe.", "The firm closed two shops, adding that jobs were safe.", "Are jobs in danger?",
         "No, according to the firm, jobs are safe."),
        ("The strike caused the chaos.", "The airline cancelled flights, blaming the strike for the chaos.",
         "What caused the chaos?", "According to the airline, the strike caused the chaos."),
        ("The fees broke the law.", "Epic sued Apple in May, alleging that the fees broke the law.",
         "What is the case about?", "According to Epic, the fees broke the law."),
        ("The insurgents entered Hama on Thursday.", CHANNEL, "What happened on Thursday?",
         "By their own account, the insurgents entered Hama on Thursday."),
        ("The Syrian army lost a number of troops.", KILLED, "What did the fighting cost the army?",
         "According to the Syrian army, it lost a number of troops."),
        ("The company closed the plant.", "The company said profits fell after it closed the plant.",
         "What happened to the plant?", "According to the company, it closed the plant."),
        ("The insurgents captured a base.", "The insurgents said a base was captured.", "What was captured?",
         "According to the insurgents, they captured a base."),
        ("Ravn sold the shares.", "Ravn said Ravn had sold the shares.", "What became of the shares?",
         "By Ravn’s own account, Ravn sold the shares."),
        ("Hundred of detainees were set free.", OBSERVATORY, "Who walked free?",
         "According to the UK-based Syrian Observatory for Human Rights, hundred of detainees were set free."),
        ("Three Danish players were ill.", "The club said three Danish players were ill.", "Who was ill?",
         "According to the club, three Danish players were ill."),
        ("Injured passengers from Oslo were flown out.", "The airline said hurt passengers from Oslo were flown out.",
         "Who was flown out?", "According to the airline, injured passengers from Oslo were flown out."),
        ("Inflation in Oslo will fall to 2%.", "The bank said that Oslo’s price growth would fall to 2%.",
         "What will fall?", "According to the bank, inflation in Oslo will fall to 2%."),
        ("Kurds fled the north.", "The monitor said Kurds fled the north.", "Who fled?",
         "According to the monitor, Kurds fled the north."),
        ("Beijing sold the bonds.", "The broker said Beijing had sold the bonds.", "Who sold the bonds?",
         "According to the broker, Beijing sold the bonds."),
        ("NATO moved troops.", "The ministry said NATO had moved troops.", "Who moved troops?",
         "According to the ministry, NATO moved troops."),
        ("Wales lost the match.", "“Wales lost the match,” the coach said.", "Who lost?",
         "According to the coach, Wales lost the match."),
        ("Will Young won the race.", "The club said Will Young had won the race.", "Who won the race?",
         "According to the club, Will Young won the race."),
    ],
)  # fmt: skip
def test_a_claim_reads_as_english(sentence: str, quote: str, question: str, expected: str) -> None:
    assert attributed(sentence, quote, question) == expected


@pytest.mark.parametrize(
    ("sentence", "quote", "question"),
    [
        ("The UK-based Syrian Observatory for Human Rights now controls the police command headquarters in Hama.",
         OBSERVATORY, "Who controls Hama now?"),
        ("5 December 2024.", CHANNEL,
         "On which date did the channel announce the march toward the centre of Hama?"),
        ("On Thursday.", CHANNEL, "When did the channel announce the march toward the centre of Hama?"),
        ("The court ruled that the firm was guilty.", "The court said the firm was guilty.", "What happened?"),
        ("Monday.", "The club said on Monday that the coach would leave.", "On what day did it announce the news?"),
    ],
)  # fmt: skip
def test_a_wrong_doer_and_a_question_of_the_claim_itself_get_no_claimant(
    sentence: str, quote: str, question: str
) -> None:
    assert attributed(sentence, quote, question) == sentence
