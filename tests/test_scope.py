from datetime import date

import pytest

from rag.scope import Scope, as_of_note, asks_for_the_present, names_the_present, read_scope

SUNDAY = date(2024, 12, 8)


def day(text: str | None) -> date | None:
    return date.fromisoformat(f"2024-{text}") if text else None


# question, since, until, the words that say so, the question without them; days of 2024
ABOUT_REPORTING = [
    ("What was said before 5 December?", None, "12-04", "before 5 December", "What was said?"),
    ("What was said about Homs before 5 December?", None, "12-04", "before 5 December", "What was said about Homs?"),
    ("What was said before 5 December about the attack on Homs?", None, "12-04", "before 5 December",
     "What was said about the attack on Homs?"),
    ("What was reported on 5 December?", "12-05", "12-05", "on 5 December", "What was reported?"),
    ("What was reported about Hama on Thursday?", "12-05", "12-05", "on Thursday", "What was reported about Hama?"),
    ("What did the articles say about Hama by 4 December?", None, "12-04", "by 4 December",
     "What did the articles say about Hama?"),
    ("Before December 5, 2024, what did the articles say about the attack on Hama?", None, "12-04",
     "Before December 5, 2024", "What did the articles say about the attack on Hama?"),
    ("On the evening of 5 December, what was reported about Hama?", "12-05", "12-05",
     "On the evening of 5 December", "What was reported about Hama?"),
    ("What had been written before the evening of 5 December?", None, "12-05", "before the evening of 5 December",
     "What had been written?"),
    ("What has been published since 2024-12-03 about the ceasefire?", "12-03", None, "since 2024-12-03",
     "What has been published about the ceasefire?"),
    ("What has been reported after 5 December?", "12-06", None, "after 5 December", "What has been reported?"),
    ("What was reported between 3 and 5 December about Aleppo?", "12-03", "12-05", "between 3 and 5 December",
     "What was reported about Aleppo?"),
    ("What was written about Homs from 27 November to 5 December 2024?", "11-27", "12-05",
     "from 27 November to 5 December 2024", "What was written about Homs?"),
    ("What was said after 3 December and before 6 December?", "12-04", "12-05",
     "after 3 December and before 6 December", "What was said?"),
    ("What was known about Assad's whereabouts by Saturday?", None, "12-07", "by Saturday",
     "What was known about Assad's whereabouts?"),
    ("What was known on 5 December?", None, "12-05", "on 5 December", "What was known?"),
    ("What did we know about Homs up to 6 December?", None, "12-06", "up to 6 December",
     "What did we know about Homs?"),
    ("Which articles published before 5 December mention Homs?", None, "12-04", "published before 5 December",
     "Which articles mention Homs?"),
    ("Which articles about the battle for Homs were published in November 2024?", "11-01", "11-30",
     "in November 2024", "Which articles about the battle for Homs were published?"),
    ("According to articles from before 5 December, who controls Hama?", None, "12-04", "from before 5 December",
     "According to articles, who controls Hama?"),
    ("According to reports published up to 4 December, how many people have fled?", None, "12-04",
     "published up to 4 December", "According to reports, how many people have fled?"),
    ("In articles of 3 December, who leads the rebels?", "12-03", "12-03", "of 3 December",
     "In articles, who leads the rebels?"),
    ("What do articles from last week say about Turkey?", "11-25", "12-01", "from last week",
     "What do articles say about Turkey?"),
    ("What is the news about Homs since Thursday?", "12-05", None, "since Thursday", "What is the news about Homs?"),
    ("Summarise the news of this week.", "12-02", "12-08", "of this week", "Summarise the news."),
    ("What was in the news yesterday?", "12-07", "12-07", "yesterday", "What was in the news?"),
    ("What was in yesterday's news?", "12-07", "12-07", "yesterday's", "What was in the news?"),
    ("What does today's coverage say about Damascus?", "12-08", "12-08", "today's",
     "What does the coverage say about Damascus?"),
    ("What did the 5 December articles say about Hama?", "12-05", "12-05", "5 December",
     "What did the articles say about Hama?"),
    ("What has been reported about the economy in the last three days?", "12-05", "12-08", "in the last three days",
     "What has been reported about the economy?"),
    ("What was reported last month?", "11-01", "11-30", "last month", "What was reported?"),
    ("What was reported in 2024 about Idlib?", "01-01", "12-31", "in 2024", "What was reported about Idlib?"),
    ("What was reported about Idlib in November?", "11-01", "11-30", "in November",
     "What was reported about Idlib?"),
    ("Was it reported before 5 December that Hama had fallen?", None, "12-04", "before 5 December",
     "Was it reported that Hama had fallen?"),
    ("Tell me what was written about Homs until the end of November.", None, "11-30", "until the end of November",
     "Tell me what was written about Homs."),
    ("what was said about homs before 5 december?", None, "12-04", "before 5 december", "what was said about homs?"),
    ("What had the newspapers written prior to Thursday, 5 December?", None, "12-04",
     "prior to Thursday, 5 December", "What had the newspapers written?"),
    ("What has the press reported since yesterday?", "12-07", None, "since yesterday", "What has the press reported?"),
    ("List all articles from 3 December onwards.", "12-03", None, "from 3 December onwards", "List all articles."),
    ("Which articles about Homs published before 5 December name Assad?", None, "12-04", "published before 5 December",
     "Which articles about Homs name Assad?"),
    ("What articles appeared after 6 December about Russia?", "12-07", None, "after 6 December",
     "What articles appeared about Russia?"),
    ("What was reported up until and including 5 December?", None, "12-05", "up until and including 5 December",
     "What was reported?"),
    ("What was known yesterday?", None, "12-07", "yesterday", "What was known?"),
    ("What was reported on 5-6 December?", "12-05", "12-06", "on 5-6 December", "What was reported?"),
    ("What was reported two days ago about Homs?", "12-06", "12-06", "two days ago", "What was reported about Homs?"),
    ("What is the news from Homs since Thursday?", "12-05", None, "since Thursday", "What is the news from Homs?"),
    ("Only using reports from before Thursday: who controls Hama?", None, "12-04", "from before Thursday",
     "Only using reports: who controls Hama?"),
    ("What was said before 5 December about what happened on 3 December?", None, "12-04", "before 5 December",
     "What was said about what happened on 3 December?"),
]  # fmt: skip

ABOUT_EVENTS = [
    "What happened on 5 December?",
    "Who captured Hama before 5 December?",
    "What did the army say on Thursday?",
    "What did Erdogan say about Homs before 5 December?",
    "Who said before 5 December that Hama would hold?",
    "What was said by the army before 5 December?",
    "What was said at the meeting on 5 December?",
    "What was said in Geneva on 5 December?",
    "What was said on 5 December in Geneva?",
    "What was said about the attack on 5 December?",
    "What was reported about the fighting before 5 December?",
    "What do the articles say about Hama on 5 December?",
    "What do the articles say happened on 5 December?",
    "What do the articles say about who captured Hama before 5 December?",
    "Do the articles say that Hama fell before 5 December?",
    "According to the articles, who captured Hama before 5 December?",
    "According to reports, on 5 December the army left. Where did it go?",
    "What did the news agency SANA say on 5 December?",
    "What did state media report on 5 December?",
    "What did the UN report of 5 December say?",
    "What was announced on 5 December?",
    "Which law was published on 5 December?",
    "How many deaths were reported on 5 December?",
    "Who denied the reports of 5 December?",
    "What did Erdogan say about the articles of 3 December?",
    "Who was known as the butcher of Hama before 2011?",
    "What was said about Homs before 1918?",
    "Who controls Hama now?",
    "How many people have fled since 27 November?",
    "When was the first article published?",
    "Which rules apply as of 1 January 2024?",
    "How many lived there as of 2011?",
    "Where did the rebels stand by 4 December?",
    "What was the weather in Homs this week?",
    "Which cities fell last week?",
    "What was reported on 3 December or 5 December?",
    "What was reported in early December?",
    "What was reported after the fall of Hama?",
    "What has been said so far?",
    "What was said on 31 November?",
    "What was reported before then, and who was killed on 5 December?",
    "What was said between 6 December and 3 December?",
    "What was said after 5 December and before 3 December?",
    "What do the articles say about the law published on 5 December?",
    "Which articles are about the law that was published on 5 December?",
    "Who denied the articles published on 5 December?",
    "What was reported about Black Friday?",
    "What was said about last week?",
    "What was reported in the last week of November?",
    "What was reported on Thursday of last week?",
    "What was said the day before 5 December?",
    "What was not known before 5 December?",
    "What is the news on the 5 December agreement?",
    "What does the coverage of 5 December say?",
    "What was reported stolen before 5 December?",
    "What was said about the prisoners freed on 8 December?",
    "In 1982, what was said about Homs?",
    "As of 20 December, what changes?",
    "What was reported at the end of November?",
    "Before 5 December, what was said by Assad about Homs?",
    "What was said about Joulani before he entered Aleppo on 30 November?",
    "What was reported in the beginning of November?",
    "Which articles about the law published on 5 December name Assad?",
    "What do the articles on 5 December say?",
    "Who denied yesterday's reports?",
    "Read this. " * 60 + "What was said before 5 December?",
    "",
]


@pytest.mark.parametrize(("question", "since", "until", "words", "rest"), ABOUT_REPORTING)
def test_a_question_about_reporting_names_the_articles_to_read(
    question: str, since: str | None, until: str | None, words: str, rest: str
) -> None:
    assert read_scope(question, SUNDAY) == Scope(day(since), day(until), None, words, rest)


@pytest.mark.parametrize("question", ABOUT_EVENTS)
def test_a_question_about_an_event_limits_nothing(question: str) -> None:
    assert read_scope(question, SUNDAY) == Scope(None, None, None, "", question)


@pytest.mark.parametrize(
    ("question", "as_of", "words", "rest"),
    [
        ("As of 4 December, who controlled Hama?", "12-04", "As of 4 December", "Who controlled Hama?"),
        ("Who controlled Hama as of Thursday?", "12-05", "as of Thursday", "Who controlled Hama?"),
        ("How many had fled as of the end of November 2024?", "11-30", "as of the end of November 2024",
         "How many had fled?"),
    ],
)  # fmt: skip
def test_as_of_sets_the_day_of_the_question(question: str, as_of: str, words: str, rest: str) -> None:
    assert read_scope(question, SUNDAY) == Scope(None, None, day(as_of), words, rest)


def test_words_that_follow_as_of_are_read_on_that_day() -> None:
    scope = read_scope("As of 4 December, what was reported yesterday?", SUNDAY)
    assert (scope.since, scope.until, scope.as_of) == (day("12-03"), day("12-03"), day("12-04"))
    assert scope.rest == "What was reported?"


def test_without_a_day_to_ask_on_only_full_dates_are_read() -> None:
    assert read_scope("What was reported yesterday?", None).words == ""
    assert read_scope("What was reported before 5 December?", None).words == ""
    assert read_scope("What was reported before 5 December 2024?", None).until == day("12-04")


def test_a_day_without_a_year_is_past_or_soon() -> None:
    assert read_scope("What was reported since March?", SUNDAY).since == day("03-01")
    assert read_scope("What was reported since 2 February?", SUNDAY).since == day("02-02")
    assert read_scope("What was reported before 10 December?", SUNDAY).until == day("12-09")


def test_where_a_missing_year_leaves_a_doubt_nothing_is_limited() -> None:
    assert read_scope("What was reported before 2 February?", SUNDAY).words == ""
    assert read_scope("What was reported before January?", date(2024, 12, 20)).words == ""


@pytest.mark.parametrize(
    "question",
    [
        "Who controls Hama now?",
        "Who currently controls Hama?",
        "Is the airport open at the moment?",
        "Is Assad still in Damascus?",
        "How many people have been killed so far?",
        "How many people were killed so far?",
        "What is the latest on Homs?",
        "Who is the leader of the rebels?",
        "Who is the US President?",
        "How many people are fleeing Homs?",
        "How many displaced people are in Idlib?",
        "Which cities are under government control?",
        "What is happening in Homs?",
        "Who holds Aleppo?",
        "Does the army control Hama?",
        "Have the rebels taken Homs?",
        "What's the death toll?",
        "Where is Assad?",
        "Tell me who leads the rebels.",
        "How many people live in Hama today?",
        "what is the current situation in homs",
        "As of 4 December, who controls Hama?",
        "After Hama fell, who controls Homs?",
        "What is the name of the rebel leader?",
        "Is there a ceasefire?",
        "Is Hama a free city now?",
        "Who's in charge of Damascus?",
    ],
)
def test_the_answer_holds_only_for_a_time(question: str) -> None:
    assert asks_for_the_present(question)


@pytest.mark.parametrize(
    "question",
    [
        "How far is Hama from Homs?",
        "When did Hama fall?",
        "When is the meeting?",
        "Who said that Hama is now free?",
        "Which minister said Hama is under control?",
        "What is the name of Hama's river?",
        "What is Hama known for?",
        "What is HTS?",
        "Who is Ahmed al-Sharaa?",
        "Who are the White Helmets?",
        "What does HTS stand for?",
        "Where is Hama located?",
        "Why did the army leave Hama?",
        "Who captured Hama?",
        "Who was killed today?",
        "Was Assad still in Damascus on 5 December?",
        "How many people were killed?",
        "What did Assad say about the current situation?",
        "What do the articles say about Hama?",
        "Who knows what happened?",
        "How long is the border?",
        "How many miles north of Damascus does Hama lie?",
        "Whose words are “the fall has started”?",
        "Is Hama a city?",
        "Which of the 5,000 fled, and who is with them?",
        "Which leader fled?",
        "Who ordered the army that now holds Homs to leave?",
        "",
    ],
)
def test_the_answer_holds_for_ever(question: str) -> None:
    assert not asks_for_the_present(question)


def test_the_note_names_the_newest_cited_day() -> None:
    assert as_of_note([day("12-03"), None, day("12-05")]) == "as of 5 December 2024"


def test_without_a_dated_article_there_is_no_note() -> None:
    assert as_of_note([None]) is None
    assert as_of_note([]) is None


@pytest.mark.parametrize(
    ("question", "named"),
    [
        ("Who controls Hama now?", True),
        ("How many have fled so far?", True),
        ("Who is the leader of the group?", False),
        ("When did the army withdraw?", False),
    ],
)
def test_the_present_asked_for_in_so_many_words(question: str, named: bool) -> None:
    assert names_the_present(question) is named
