"""An archive of any size, to measure on: python -m evals.scale.corpus OUT --articles 10000 [--from FOLDER…]

Real sentences, recombined: each article takes those of a few real ones on related matter, whole or the beginning of one
with the end of another, and fills their names and numbers anew, the same name for the same throughout. So the wording
is real and the vocabulary grows with the archive, but no article makes sense. Article N is the same whatever the size,
but for the needles (`evals.scale.needles`), which are spread over all.

OUT/articles holds the articles, a Markdown file each with title, date, source and author in front matter, in folders of
1,000 (or, with --jsonl, a file of 1,000 records); OUT/needles.jsonl says what was hidden where; OUT/corpus.json how it
was made."""

import json
import shutil
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from functools import cached_property
from itertools import islice
from pathlib import Path
from random import Random

import click

from evals.progress import progress
from evals.scale.material import Material, Matter, Sentence, read_material
from evals.scale.names import Names
from evals.scale.needles import NEEDLES, Fact, facts
from index.datadir import write_whole
from index.errors import CorpusError, DatelineError
from rag.printing import say

DEFAULT_SOURCES = ("seeds", "evals/gold/stories/articles")
FOLDER = 1000  # articles in one
_FIRST_DAY, _DAYS = date(2015, 1, 1), 3653
_SPREAD = 0.35  # of the logarithm of an article's length
_RECOMBINED = 0.5  # of the sentences
_SOURCES = (
    "The Harbour Post", "Morning Ledger", "Northern Wire", "Valley Courier", "Capital Observer", "The Evening Tribune",
    "Coast Gazette", "Plains Dispatch", "The Weekly Compass", "Metro Bulletin", "Island Chronicle", "Border Times",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Needle(Fact):
    """A fact, and the one article that tells it."""

    article: str
    """Its id in an index of the archive."""
    date: date


@dataclass(frozen=True, slots=True)
class Written:
    """An article as it will be filed."""

    title: str
    date: str
    source: str
    author: str
    text: str

    def markdown(self) -> str:
        matter = "".join(f"{name}: {json.dumps(value)}\n" for name, value in asdict(self).items() if name != "text")
        return f"---\n{matter}---\n\n{self.text}\n"

    def record(self) -> str:
        return json.dumps(asdict(self), ensure_ascii=False) + "\n"


class Archive:
    """`articles` articles that follow from `material` and `seed`, of `characters` on average."""

    def __init__(self, material: Material, articles: int, *, seed: int = 1, characters: int = 4400) -> None:
        self._matters, self._names = material.matters, Names(material.names)
        self._articles, self._seed, self._characters = articles, seed, characters

    @cached_property
    def hidden(self) -> dict[int, Fact]:
        """The facts by the numbers of the articles that tell them, spread over all."""
        told = facts(self._seed)[: min(NEEDLES, self._articles)]
        return {(2 * at + 1) * self._articles // (2 * len(told)): fact for at, fact in enumerate(told)}

    def article(self, number: int) -> Written:
        """The article of this number, 0 and up."""
        random = Random(f"{self._seed} {number}")
        day = self.day(number)
        teller = _Teller(random, self._names, day.year)
        author = f"{self._names.draw(random)} {self._names.draw(random)}"
        length = self._characters * random.lognormvariate(-(_SPREAD**2) / 2, _SPREAD)
        sentences, told = list[str](), 0
        matter = random.choice(self._matters)
        while told < length:
            sentences.append(teller.tell(matter))
            told += len(sentences[-1]) + 1
        title = _headline(sentences[0])
        if fact := self.hidden.get(number):
            sentences.insert(random.randrange(1, len(sentences) + 1), fact.sentence)
        text = "\n\n".join(_paragraphs(sentences, random))
        return Written(title, day.isoformat(), random.choice(_SOURCES), author, text)

    def day(self, number: int) -> date:
        """When the article of this number was published."""
        return _FIRST_DAY + timedelta(Random(f"{self._seed} day {number}").randrange(_DAYS))


class _Teller:
    """Fills the blanks of one article's sentences: what was one name is one name again."""

    def __init__(self, random: Random, names: Names, year: int) -> None:
        self._random, self._names, self._year = random, names, year
        self._named = dict[str, str]()
        self._told = set[int]()

    def tell(self, matter: Matter) -> str:
        random = self._random
        if matter.joints and random.random() < _RECOMBINED:
            joint = random.choice(matter.joints)
            return self._fill(self._fresh(matter.heads[joint])) + self._fill(self._fresh(matter.tails[joint]))
        return self._fill(self._fresh(matter.whole))

    def _fresh(self, sentences: Sequence[Sentence]) -> Sentence:
        """Any of them, one that was not told yet if that is soon found."""
        for _ in range(4):
            chosen = self._random.choice(sentences)
            if id(chosen) not in self._told:
                break
        self._told.add(id(chosen))
        return chosen

    def _fill(self, sentence: Sentence) -> str:
        filled = list(sentence.pieces)
        for at in range(1, len(filled), 2):
            filled[at] = self._number(filled[at]) if filled[at][0].isdigit() else self._name(filled[at])
        return "".join(filled)

    def _name(self, was: str) -> str:
        name = self._named.get(was)
        if name is None:
            name = self._named[was] = self._names.draw(self._random)
        return name

    def _number(self, was: str) -> str:
        if len(was) == 4 and was[:2] in ("19", "20"):
            return str(self._year - int(8 * self._random.random() ** 3))
        if len(was) < 3 and int(was) < 32:
            return str(self._random.randint(2, 28))  # it may be a day of a month
        digits = len(was.replace(",", ""))
        least = 10 ** (digits - 1)
        number = least + int(self._random.random() * 9 * least)
        return f"{number:,}" if "," in was else str(number)


def _headline(sentence: str) -> str:
    if len(sentence) <= 80:
        return sentence.rstrip(".")
    return sentence[:80].rpartition(" ")[0].rstrip(",;:–- ")


def _paragraphs(sentences: Sequence[str], random: Random) -> Iterator[str]:
    rest = iter(sentences)
    while paragraph := list(islice(rest, random.randint(1, 4))):
        yield " ".join(paragraph)


def build(
    out: Path,
    articles: int,
    sources: Sequence[Path],
    *,
    seed: int = 1,
    characters: int = 4400,
    jsonl: bool = False,
) -> list[Needle]:
    """Writes the archive to `out`, or what is missing of it, and returns what was hidden in it.

    Raises CorpusError if `out` holds something else, or the sources hold too little.
    """
    material = read_material(sources)
    made = {
        "articles": articles, "seed": seed, "characters": characters, "jsonl": jsonl,
        "sources": [str(source) for source in sources], "fingerprint": material.fingerprint,
    }  # fmt: skip
    _claim(out, made)
    archive = Archive(material, articles, seed=seed, characters=characters)
    with progress() as told:
        for first in range(0, articles, FOLDER):
            numbers = range(first, min(first + FOLDER, articles))
            _write(archive, numbers, out / "articles" / _folder(first, jsonl), jsonl)
            told(numbers.stop, articles, "articles")
    needles = [
        Needle(**asdict(fact), article=_id(number, jsonl), date=archive.day(number))
        for number, fact in archive.hidden.items()
    ]
    lines = (json.dumps(asdict(needle), default=str, ensure_ascii=False) for needle in needles)
    write_whole(out / "needles.jsonl", "".join(f"{line}\n" for line in lines).encode())
    return needles


def _claim(out: Path, made: dict[str, object]) -> None:
    """Says in `out` how it is made. Raises CorpusError if it was begun otherwise, or holds something else."""
    label = out / "corpus.json"
    if label.is_file():
        if json.loads(label.read_bytes()) == made:
            return
        raise CorpusError(f"{out} holds an archive that was made otherwise: name another folder, or delete it.")
    if out.is_dir() and any(out.iterdir()):
        raise CorpusError(f"{out} holds something else: name a folder that is new or empty.")
    (out / "articles").mkdir(parents=True)
    write_whole(label, json.dumps(made, indent=2).encode())


def _folder(first: int, jsonl: bool) -> str:
    return f"{first // FOLDER:04}" + (".jsonl" if jsonl else "")


def _id(number: int, jsonl: bool) -> str:
    within = f"#{number % FOLDER}" if jsonl else f"/{number:06}.md"
    return _folder(number - number % FOLDER, jsonl) + within


def _write(archive: Archive, numbers: range, target: Path, jsonl: bool) -> None:
    """A folder or file of articles; it has its name when it is whole."""
    if target.exists():
        return
    part = target.with_name(f".{target.name}.part")
    if jsonl:
        part.write_bytes("".join(archive.article(number).record() for number in numbers).encode())
    else:
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir()
        for number in numbers:
            (part / f"{number:06}.md").write_bytes(archive.article(number).markdown().encode())
    part.replace(target)


def read_needles(out: Path) -> list[Needle]:
    """What was hidden in the archive in `out`."""
    lines = (out / "needles.jsonl").read_text(encoding="utf-8").splitlines()
    return [Needle(**row | {"date": date.fromisoformat(row["date"])}) for row in map(json.loads, lines)]


sources_option = click.option(
    "--from", "sources", multiple=True, default=DEFAULT_SOURCES, show_default=True,
    type=click.Path(exists=True, file_okay=False, path_type=Path), help="Real articles whose sentences are used.",
)  # fmt: skip


@click.command()
@click.argument("out", type=click.Path(file_okay=False, path_type=Path))
@click.option("--articles", default=1000, show_default=True, type=click.IntRange(1, 1_000_000))
@sources_option
@click.option("--seed", default=1, show_default=True)
@click.option("--characters", default=4400, show_default=True, type=click.IntRange(500), help="Of an article, about.")
@click.option("--jsonl", is_flag=True, help="A file of 1,000 records in place of a folder of 1,000 files.")
def main(out: Path, articles: int, sources: tuple[Path, ...], seed: int, characters: int, jsonl: bool) -> None:
    """Writes an archive of invented articles to OUT; begun and interrupted, it goes on."""
    needles = build(out, articles, sources, seed=seed, characters=characters, jsonl=jsonl)
    say(f"{articles:,} articles in {out / 'articles'}, {len(needles)} needles in {out / 'needles.jsonl'}")


if __name__ == "__main__":
    try:
        main()
    except DatelineError as error:
        sys.exit(f"Error: {error}")
