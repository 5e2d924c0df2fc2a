"""What happened when: which sentences, on which days, in whose words; the command and its forms."""

import csv
import io
import json
from collections.abc import Iterator
from datetime import date

import pytest
from commands import Run

from evals.timelines import read, score
from rag import Assistant
from rag.days import find_times
from rag.errors import QuestionError

THURSDAY = date(2024, 12, 5)
DAY = {"3": date(2024, 12, 3), "4": date(2024, 12, 4), "5": THURSDAY}


@pytest.mark.parametrize(
    ("text", "spans"),
    [
        ("They met on Tuesday, and again yesterday.", [("3", "3"), ("4", "4")]),
        ("It broke out in March 2011.", [("2011-03-01", "2011-03-31")]),
        ("It was founded in May.", [("2024-05-01", "2024-05-31")]),  # told in the past: the last one
        ("Talks are due in January.", [("2025-01-01", "2025-01-31")]),  # ahead: the nearest
        ("Since 2016 nobody has left.", [("2016-01-01", "2016-12-31")]),
        ("It fell after three days of clashes.", [("2024-12-02", "5")]),
        ("Two weeks ago he resigned.", [("2024-11-21", "2024-11-21")]),
        ("Last week it rained.", [("2024-11-25", "2024-12-01")]),
        ("They came in March 2011, on 3 December 2024.", [("2011-03-01", "2011-03-31"), ("3", "3")]),
        ("On 3 December 2024 they left.", [("3", "3")]),  # the day, and not its month again
        ("The 1990s, a 2011 film and Black Friday.", []),
    ],
)
def test_a_time_is_read_from_the_articles_day(text: str, spans: list[tuple[str, str]]) -> None:
    def day(told: str) -> date:
        return DAY.get(told) or date.fromisoformat(told)

    assert [(one.first, one.last) for one in find_times(text, THURSDAY)] == [(day(a), day(b)) for a, b in spans]


ARTICLES = {
    "a.txt": (
        "2024-12-05", "The bridge of Sallow fell on Tuesday. Divers found four cars near the bridge of Sallow on "
        'Wednesday. The mayor said: "Today we mourn." The bridge was built in 1931. Nobody had asked for it.',
    ),
    "b.txt": (
        "2024-12-06", "The bridge of Sallow fell on Tuesday. Divers found six cars near the bridge of Sallow on "
        "Wednesday.",
    ),
    "c.txt": ("2024-12-06", "The school of Norby opened on Monday, far from every river."),
}  # fmt: skip


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assistant]:
    folder = tmp_path_factory.mktemp("story") / "articles"
    folder.mkdir()
    for name, (day, text) in ARTICLES.items():
        (folder / name).write_text(f" date {day} {text}", "utf-8")
    with Assistant(folder.parent / "data", "embedded", cache_dir=folder / "no-model") as dateline:
        dateline.index(folder)
        yield dateline


def test_events_stand_in_their_order_copies_once_and_other_figures_are_marked(archive: Assistant) -> None:
    entries = archive.timeline("the fall of the bridge of Sallow")
    assert [(one.when, one.article, len(one.carriers)) for one in entries] == [
        ("1931", "a.txt", 1), ("3 December 2024", "a.txt", 2), ("4 December 2024", "a.txt", 1),
        ("4 December 2024", "b.txt", 1),
    ]  # fmt: skip
    assert [one.differs for one in entries] == [(), (), (3,), (2,)]
    assert all(archive.article(one.article).text[one.start : one.end] == one.quote for one in entries)
    assert {str(one.reported) for one in entries} == {"2024-12-05", "2024-12-06"}


def test_it_can_be_narrowed_and_what_is_in_no_article_is_told_by_nothing(archive: Assistant) -> None:
    topic = "the bridge of Sallow"
    assert [one.when for one in archive.timeline(topic, since="2024-12-01", until="2024-12-03")] == ["3 December 2024"]
    assert {one.article for one in archive.timeline(topic, as_of="2024-12-05")} == {"a.txt"}
    assert archive.timeline("the war on Mars") == archive.timeline("a volcano under water") == []
    with pytest.raises(QuestionError, match="The topic is empty"):
        archive.timeline("  ")


def test_the_command_prints_it_in_each_form(archive: Assistant, run: Run) -> None:
    command = ["timeline", "the bridge of Sallow", "--data-dir", archive.settings.data_dir]
    shown = run(*command).out
    assert shown.index("1931") < shown.index("3 December 2024") < shown.index("other figures")
    assert shown.rstrip().endswith("4 entries.")
    rows = list(csv.DictReader(io.StringIO(run(*command, "--csv").out)))
    assert [(row["first"], row["differs from"]) for row in rows][2:] == [
        ("2024-12-04", "b.txt"),
        ("2024-12-04", "a.txt"),
    ]
    assert run(*command, "--md").out.count("\n- **") == 4
    told = json.loads(run(*command, "--json", "--since", "2024-12-04").out)
    assert [one["differs"] for one in told] == [[1], [0]]
    assert run("timeline", "the war on Mars", *command[2:]).code == 3


def test_gold_counts_what_is_wrong_missed_and_on_another_day() -> None:
    (story, *_) = read()
    (quote,) = story.events[1].quotes
    assert score(story, [], {}).missed == tuple(story.events) and quote.article == "2019-06-23-hong-kong.txt"
