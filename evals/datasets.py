"""Other people's data -> cases, and a folder of articles that `dateline index` can read."""

import re
import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import product
from pathlib import Path

from evals.records import ABOUT, QUESTIONS, DatasetError, Format, Item, Passages, Question, Ramdocs, Squad, read_records
from evals.types import Case, GoldQuote
from index.dates import native_date
from index.decode import legible
from index.read import find_files, read_file
from index.split import split_sentences
from index.types import Span

__all__ = ["Dataset", "DatasetError", "Format", "read"]
_Articles = dict[str, str]  # text -> id, each text once: a copy under another id would count as another article
_Told = tuple[int, Sequence[str]]  # the number of a fact, and the answers that tell it
_Document = tuple[str, list[_Told]]


@dataclass(frozen=True, slots=True)
class Dataset:
    """Cases, and the articles they are about."""

    name: str
    cases: tuple[Case, ...]
    corpus: Path  # a folder that `dateline index` can read: article ids in the cases are relative paths in it


def read(path: Path, form: Format, scratch: Path) -> Dataset:
    """The cases and the corpus of the data at `path`, which is never written to. Every case is of the test split.

    Where the data is no folder of articles, one is made in `scratch`, a folder for this data alone: the same data gives
    the same files, and what an earlier version left there is removed. Forms: "folder" (articles/, questions.jsonl;
    where Yes or No is right, an answer must begin with it), "squad" (SQuAD 1.1 and 2, Rajpurkar et al. 2016 and 2018),
    "ramdocs" (Wang et al. 2025, "Retrieval-Augmented Generation with Conflicting Evidence"; as published, or as a
    folder), "passages" (questions with positive and negative passages; also RGB's own files, Chen et al. 2024).

    Raises DatasetError where the path is missing, the form another, a record bad, or `scratch` cannot be used."""
    folder = form == "folder" or (form == "ramdocs" and path.is_dir())
    if not ((path / QUESTIONS) if folder else path).is_file():
        raise DatasetError(f'{path} is nothing of the form "{form}". Name {ABOUT[form]}.')
    if folder:
        cases, corpus = _read_folder(path, form, scratch)
    else:
        written, records = _Articles(), read_records(path, form)
        if form == "squad":
            cases = [case for record in records for case in _squad_cases(record, written)]
        else:
            case_of: Callable[..., Case] = _ramdocs_case if form == "ramdocs" else _passages_case
            cases = [case_of(n, record, written) for n, record in enumerate(records)]
        corpus = _fill(scratch / "corpus", ((id, text.encode()) for text, id in written.items()))
    if not cases:
        raise DatasetError(f"There is no question in {path}. Name the data to measure with: {ABOUT[form]}.")
    twice = [id for id, times in Counter(case.id for case in cases).items() if times > 1]
    if twice:
        raise DatasetError(f"{path} has several questions with the id {twice[0]}. Give each an id of its own.")
    return Dataset(path.resolve().stem if path.is_file() else path.resolve().name, tuple(cases), corpus)


def _read_folder(path: Path, form: Format, scratch: Path) -> tuple[list[Case], Path]:
    questions = path / QUESTIONS
    records: list[Question] = read_records(questions, "folder")
    corpus = path / "articles"
    if not corpus.is_dir():  # the questions would be read as articles too
        files = find_files(path)[0]
        del files[QUESTIONS]
        corpus = _fill(scratch / "corpus", ((name, Path(file).read_bytes()) for name, file in files.items()))
    if not find_files(corpus)[0]:
        raise DatasetError(f"There are no articles in {corpus}. Put there the articles that {questions} asks about.")
    named = {item.article for record in records for item in record.evidence}
    if named and not any(_file_of(corpus, article) for article in named):
        raise DatasetError(
            f"No article that {questions} names is in {corpus}. Name the articles by their paths relative to it."
        )

    @cache
    def texts(file: Path) -> dict[str, str]:
        return {article.id: article.text for article in read_file(file, file.relative_to(corpus).as_posix())[0]}

    def words(item: Item) -> str:
        file = _file_of(corpus, item.article)
        return item.quote or (texts(file).get(item.article, "") if file else "")

    return [_folder_case(record, form, words) for record in records], corpus


def _folder_case(record: Question, form: Format, words: Callable[[Item], str]) -> Case:
    answers = _distinct(record.answers) if record.answerable else ()
    groups = record.all if record.answerable and record.all else None
    several = not groups and len(answers) > 1 and (form == "ramdocs" or "multi_answer" in record.type)
    verdict = not groups and {answer.casefold() for answer in answers} <= {"yes", "no"}
    accepted = product(*map(_distinct, groups)) if groups else ((answer,) for answer in answers)
    return Case(
        record.id, record.question, record.answerable, record.kind or record.type,
        # "no deaths were reported" does not say No to a question whether there were any
        accepted=() if verdict else tuple(accepted),
        patterns=tuple(rf"^\W*{answer}\b" for answer in answers) if verdict else (),
        wrong=_wrong(record.wrong_answers, answers), several=several, as_of=record.question_date,
        evidence=_evidence(list(dict.fromkeys(record.evidence)), () if several or groups else answers, words),
        history=tuple(turn.model_dump() for turn in record.history),
    )  # fmt: skip


def _evidence(items: list[Item], answers: tuple[str, ...], words: Callable[[Item], str]) -> tuple[GoldQuote, ...]:
    """The items with the numbers of their facts; without `answers`, only equal quotes are of one fact."""
    # The data does not say which items are alternatives and which are halves of a joined answer. Articles that each
    # hold an accepted answer word for word are taken for alternatives: one is enough. A second quote of the same
    # article is taken for another half, since nobody lists it as an alternative, and so is a quote without the
    # answer. Where several answers are valid, each article is its own fact: a full answer needs them all.
    finders = [_find(answer) for answer in answers] if len(items) > 1 else []
    numbers: dict[object, int] = {}
    telling: set[str] = set()
    evidence = []
    for place, item in enumerate(items):
        key: object = " ".join(item.quote.casefold().split()) if item.quote else place
        if item.article not in telling and any(finder.search(words(item)) for finder in finders):
            telling.add(item.article)
            key = None  # no quote and no place
        evidence.append(GoldQuote(item.article, item.quote or None, numbers.setdefault(key, len(numbers))))
    return tuple(evidence)


def _file_of(corpus: Path, article: str) -> Path | None:
    """The file that holds an article, which may be one of several: news.jsonl#12."""
    paths = (corpus / article, corpus / article.rpartition("#")[0])
    return next((path for path in paths if path.is_file()), None)


def _squad_cases(squad: Squad, written: _Articles) -> Iterator[Case]:
    for n, article in enumerate(squad.data):
        for m, paragraph in enumerate(article.paragraphs):
            id, context = written.setdefault(paragraph.context, f"{n:04d}_{m:03d}.txt"), paragraph.context
            sentences = _sentences(context)
            for asked in paragraph.qas:
                answers = [] if asked.is_impossible else asked.answers
                places = (_nearest(context, answer.text, answer.answer_start) for answer in answers)
                # annotators may have marked different sentences: each alone is enough
                evidence = [GoldQuote(id, quote) for quote in _around(context, sentences, places)]
                if answers and not evidence:
                    evidence = [GoldQuote(id)]
                kind = "squad_impossible" if asked.is_impossible else "squad"
                accepted = ((answer,) for answer in _distinct(answer.text for answer in answers))
                yield _case(asked.id, asked.question, kind, evidence, accepted)


def _nearest(context: str, answer: str, offset: int) -> tuple[int, int]:
    """Where the answer stands: at its offset, or where that is off, nearest to it; an empty span if nowhere."""
    spans = [match.span(1) for match in re.finditer(f"(?=({re.escape(answer)}))", context)]
    return min(spans, key=lambda span: abs(span[0] - offset), default=(0, 0))


def _ramdocs_case(n: int, record: Ramdocs, written: _Articles) -> Case:
    answers = _distinct(record.gold_answers)
    several = len(answers) > 1
    # here the data tells what each document answers: those of one answer are alternatives
    facts = {answer.casefold(): number for number, answer in enumerate(answers)}
    documents: list[_Document] = []
    for document in record.documents:
        answer, told = document.answer.strip(), list[_Told]()
        if document.type == "correct":
            fact = facts.setdefault(answer.casefold(), len(facts)) if several else 0
            told.append((fact, [answer] if answer else answers))
        documents.append((document.text, told))
    kind, accepted = "conflict_multi_answer" if several else "conflict", ((answer,) for answer in answers)
    evidence, wrong = _written(n, documents, written), record.wrong_answers
    return _case(f"ramdocs_{n:04d}", record.question, kind, evidence, accepted, wrong, several)


def _passages_case(n: int, record: Passages, written: _Articles) -> Case:
    needed = record.answers
    documents: list[_Document] = []
    for group, one in enumerate(record.positive):
        # a list for each needed thing tells that thing; of any other passage the data does not say what it tells
        nested = isinstance(one, list) and len(record.positive) == len(needed)
        told: list[_Told] = [(fact, spellings) for fact, spellings in enumerate(needed) if fact == group or not nested]
        documents += [(text, told) for text in (one if isinstance(one, list) else [one])]
    documents += [(text, []) for text in (*record.positive_wrong, *record.negative)]
    id, accepted = record.id or f"passages_{n:04d}", product(*map(_distinct, needed))
    evidence = _written(n, documents, written)
    return _case(id, record.question, record.type, evidence, accepted, record.wrong_answers)


def _case(
    id: str, question: str, kind: str, evidence: Sequence[GoldQuote], accepted: Iterable[tuple[str, ...]],
    wrong: Iterable[str] = (), several: bool = False,
) -> Case:  # fmt: skip
    """Answerable where something tells the answer."""
    entries, known = tuple(accepted), tuple(dict.fromkeys(evidence))
    wrong = _wrong(wrong, [string for entry in entries for string in entry])
    entries, several = (entries, several) if known else ((), False)
    return Case(id, question, bool(known), kind, entries, wrong=wrong, several=several, evidence=known)


def _written(n: int, documents: Iterable[_Document], written: _Articles) -> list[GoldQuote]:
    """Writes the documents of question `n`; gives the sentences of each that tell its facts, or else the document."""
    evidence: list[GoldQuote] = []
    for m, (text, told) in enumerate(document for document in documents if document[0].strip()):
        article = written.setdefault(text, f"{n:04d}_{m:02d}.txt")
        sentences, quotes = _sentences(text), list[GoldQuote]()
        for fact, answers in told:  # every sentence in which an answer stands word for word
            spans = (match.span() for answer in answers for match in _find(answer).finditer(text))
            quotes += [GoldQuote(article, quote, fact) for quote in _around(text, sentences, spans)]
        evidence += quotes or [GoldQuote(article, None, fact) for fact, _ in told[:1]]
    return evidence


def _distinct(answers: Iterable[str]) -> tuple[str, ...]:
    """Each answer once, as first written; case does not count."""
    return tuple({answer.casefold(): answer for answer in reversed(list(answers))}.values())[::-1]


def _wrong(wrong: Iterable[str], right: Sequence[str]) -> tuple[str, ...]:
    """The wrong answers without those that a right one says too: whoever gives it would be blamed for them."""
    return _distinct(
        one.strip() for one in wrong if one.strip() and not any(_find(one).search(answer) for answer in right)
    )


def _find(answer: str) -> re.Pattern[str]:
    """Finds the answer as whole words, so that 5 is not found in 15; scripts without spaces have no word ends."""
    letter = r"[^\W\u3040-\u30ff\u3400-\u9fff]"
    words = r"\s+".join(map(re.escape, answer.split()))
    return re.compile(rf"(?<!{letter})(?i:{words})(?!{letter})")


def _sentences(text: str) -> list[Span]:
    """The sentences behind the date line, if there is one."""
    _, prefix = native_date(text)
    body = prefix.end if prefix else 0
    return [Span(body + span.start, body + span.end) for span in split_sentences(text[body:])]


def _around(text: str, sentences: list[Span], spans: Iterable[tuple[int, int]]) -> list[str]:
    """The sentences that hold each span, as one quote, as it is read of a file; each quote once."""
    held = ([one for one in sentences if one.start < end and start < one.end] for start, end in spans)
    return list(dict.fromkeys(legible(text[found[0].start : found[-1].end]) for found in held if found))


def _fill(folder: Path, files: Iterable[tuple[str, bytes]]) -> Path:
    """Makes `folder`, which is nobody else's, hold these files and no others."""
    try:
        if folder.exists():
            shutil.rmtree(folder)
        for name, content in files:
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
    except OSError as error:
        reason = f"{error.strerror}: {error.filename}"
        raise DatasetError(f"The articles cannot be written to {folder} ({reason}). Name another folder.") from error
    return folder
