"""Questions about the articles themselves, and `dateline articles`: counted, listed and dated by the catalog."""

import json
from collections.abc import Iterator
from datetime import date

import pytest
from commands import Run

from rag import Assistant
from rag.listing import Wanted, wanted

TODAY = date(2024, 12, 30)


@pytest.mark.parametrize(
    ("question", "meant"),
    [
        ("How many articles mention the Sall Bridge?", Wanted("count", '"Sall Bridge"')),
        ("How many articles are there?", Wanted("count")),
        ("list all the articles about ferries", Wanted("list", "ferries", about=True)),
        ("Which articles by Mara Iveson mention rain?", Wanted("list", "rain", author="Mara Iveson")),
        ("What articles do you have about Norby?", Wanted("list", "Norby", about=True)),
        (
            "How many articles were published in March 2024?",
            Wanted("count", since=date(2024, 3, 1), until=date(2024, 3, 31)),
        ),
        ("List the articles on rain before 5 March 2024.", Wanted("list", "rain", True, until=date(2024, 3, 4))),
        ("Show me the newest article that mentions rain", Wanted("newest", "rain")),
        ("What is the first article about?", Wanted("oldest")),
        ('When was the article "A bridge is closed" published?', Wanted("day", '"A bridge is closed"', about=True)),
        ("Who wrote the article about the bridge?", Wanted("author", "bridge", about=True)),
        ("Who wrote the letter?", None),
        ("Which article does not mention rain?", None),
        ("How many articles of the constitution were amended?", None),
        ("Which articles did the parliament strike down?", None),
        ("How many articles of impeachment were passed in December 2019?", None),
        ("When was the article of the treaty about fish dropped?", None),
        ("How many people were hurt?", None),
    ],
)
def test_only_what_is_wholly_understood_is_asked_of_the_catalog(question: str, meant: Wanted | None) -> None:
    assert wanted(question, TODAY) == meant


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assistant]:
    """Four articles, of which one has the words in its title alone and one in passing; no engine can be opened."""
    folder = tmp_path_factory.mktemp("archive") / "articles"
    folder.mkdir()
    filler = "The council met and talked about the budget of the town for a long while. " * 12
    written = {
        "a.md": ("A bridge is closed", "2024-03-01", "Mara Iveson", "The bridge over the Sall is shut since Monday."),
        "b.md": ("Rain over Norby", "2024-03-08", "Tobias Reck", "It rained for a day in the valley."),
        "c.md": ("Budget passed", "2024-04-02", "Mara Iveson", f"{filler}A bridge over the Sall costs too much."),
        "d.md": ("Sall Bridge opens", "2024-05-06", "Ilse Quant", "Cars may cross the river again."),
    }
    for name, (title, day, author, text) in written.items():
        head = f"---\ntitle: {title}\ndate: {day}\nauthor: {author}\nsource: The Messenger\n---\n"
        (folder / name).write_text(f"{head}\n{text}\n", "utf-8")
    with Assistant(folder.parent / "data", "embedded", cache_dir=folder / "no-model") as dateline:
        dateline.index(folder)
        yield dateline


@pytest.mark.parametrize(
    ("query", "narrow", "found"),
    [
        (None, {}, "dcba"),
        ("bridge", {}, "dca"),
        ("BRIDGES over", {}, "dca"),  # a stopword need not stand there
        ('"bridge over"', {}, "ca"),
        ("bridge", {"about": True}, "da"),
        ("bridge", {"until": "2024-04-30", "author": "iveson"}, "ca"),
        ("bridge", {"as_of": date(2024, 4, 2), "exclude": ["c.md"]}, "a"),
        ("bridge", {"source": "nobody"}, ""),
        ("sall rain", {}, ""),
    ],
)
def test_every_article_with_the_words_is_listed_newest_first(
    archive: Assistant, query: str | None, narrow: dict[str, object], found: str
) -> None:
    assert [one.id[0] for one in archive.list(query, **narrow)] == [*found]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("question", "told", "cited"),
    [
        (
            "How many articles mention the Sall?",
            "3 articles that mention “Sall”:\n\n- “Sall Bridge opens”, 6 May",
            "dca",
        ),
        ("List the articles by Mara Iveson.", "2 articles by Mara Iveson:\n\n- “Budget passed”, 2 April", "ca"),
        ("What is the latest article about the bridge?", "The newest article about “bridge” is “Sall Bridge", "d"),
        (
            "What is the oldest article?",
            "The oldest article is “A bridge is closed”, of 1 March 2024: “The bridge",
            "a",
        ),
        ("When was the article about rain published?", "“Rain over Norby” is of 8 March 2024 [1].", "b"),
        ("Who wrote the article about the budget?", "“Budget passed” is by Mara Iveson [1].", "c"),
        ("How many articles mention whales?", "There is no article that mentions “whales”.", ""),
    ],
)
def test_the_answer_is_exact_cited_and_needs_no_model(archive: Assistant, question: str, told: str, cited: str) -> None:
    answer = archive.ask(question)
    assert answer.text.startswith(told)
    assert [citation.article[0] for citation in answer.citations] == [*cited]
    assert answer.abstained == (not cited)
    assert all(archive.article(c.article).text[c.start : c.end] == c.quote for c in answer.citations)


def test_the_command_lists_them(archive: Assistant, run: Run) -> None:
    where = ["--data-dir", archive.settings.data_dir]
    code, out, _ = run("articles", "bridge", *where)
    assert (code, out.splitlines()[0].split()[:3], out.splitlines()[-1]) == (0, ["6", "May", "2024"], "3 articles.")
    told = json.loads(run("articles", "rain", "--json", *where).out)
    assert [(one["id"], one["date"], one["author"]) for one in told] == [("b.md", "2024-03-08", "Tobias Reck")]
    assert run("articles", "whales", *where).code == 3
