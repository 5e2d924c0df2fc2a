"""The commands. Exit codes: 0 answered or done, 1 an error, 2 usage, 3 abstained, 130 interrupted."""

from __future__ import annotations

import io
import sys
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import click

from index.errors import DatelineError, FolderShrunk
from rag.options import common_options, index_options, opened, together
from rag.printing import clean, say, say_json

if TYPE_CHECKING:
    from index.types import SyncReport
    from rag.find import Filters, Wishes

ABSTAINED = 3
INTERRUPTED = 130
_OF_THE_PAGE = ("token", "ui", "user")


def main(arguments: list[str] | None = None) -> None:
    """Runs a command and exits. What can be foreseen ends in one sentence on stderr, never in a traceback."""
    # bytes that are no text, or a terminal that does not know “, are no traceback
    for stream, errors in ((sys.stdin, "surrogateescape"), (sys.stdout, "backslashreplace")):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=errors)
    try:
        code = commands.main(_command_first(sys.argv[1:] if arguments is None else arguments), standalone_mode=False)
    except click.UsageError as error:
        told = io.StringIO()
        error.show(told)
        say(told.getvalue().rstrip(), err=True)
        code = 2
    except (click.Abort, KeyboardInterrupt):
        say("Interrupted.", err=True)
        code = INTERRUPTED
    except DatelineError as error:
        say(f"Error: {error}", err=True)
        code = 1
    sys.exit(code or 0)


def _command_first(arguments: list[str]) -> list[str]:
    """`dateline "a question"` is `dateline ask "a question"`; options may stand before the command."""
    if all(each.startswith("-") for each in arguments) and "--" not in arguments:
        return arguments
    known = {*commands.commands, *_OF_THE_PAGE}
    looked_at = arguments if arguments[0].startswith("-") else arguments[:1]
    at = next((place for place, each in enumerate(looked_at) if each in known), None)
    return ["ask", *arguments] if at is None else [arguments[at], *arguments[:at], *arguments[at + 1 :]]


class _Commands(click.Group):
    """Also those of the page, which stands on this package and is loaded when it is asked for."""

    def list_commands(self, context: click.Context) -> list[str]:
        return sorted([*super().list_commands(context), *_OF_THE_PAGE])

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        if name not in _OF_THE_PAGE:
            return super().get_command(context, name)
        return cast(click.Command, getattr(import_module("web.commands"), name))


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="dateline")
def commands() -> None:
    """Ask a folder of news articles, and get an answer whose every sentence can be checked."""


_FILTERS = ("since", "until", "as_of", "source", "author")
_filters = together(
    click.option("--author", metavar="WORDS", help="Only articles whose author has these words."),
    click.option("--source", metavar="WORDS", help="Only articles whose source has these words."),
    click.option("--as-of", metavar="DATE", help="The day of the question; later articles are hidden."),
    click.option("--until", metavar="DATE", help="Only articles up to this day (2024-12-31)."),
    click.option("--since", metavar="DATE", help="Only articles from this day on (2024-12-01)."),
)
_length = click.option("--full/--short", default=None, help="Up to eight sentences, or one; else as the question asks.")
_OLD = click.Path(exists=True, dir_okay=False, path_type=Path)
_NEW = click.Path(dir_okay=False, path_type=Path)
_as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@commands.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--replace", is_flag=True, help="Index this folder in place of another, or build the index anew.")
@click.option("--yes", is_flag=True, help="Take out what is gone from the folder, even most of it.")
@click.option("--watch", is_flag=True, help="Go on with each change of the folder, until Ctrl-C.")
@common_options
@index_options
@_as_json
def index(folder: Path, replace: bool, yes: bool, watch: bool, as_json: bool, **chosen: Any) -> None:
    """Make the index equal to FOLDER.

    Where the system does not tell of changes (network disks), --watch looks each second itself, with
    WATCHFILES_FORCE_POLLING=true in the environment.
    """
    from rag.terminal import count_progress, show_report

    with opened(**chosen) as assistant:

        def indexed(shrink: bool) -> SyncReport:
            with count_progress("Indexing") as progress:
                return assistant.index(folder, replace=replace, shrink=shrink, progress=progress)

        try:
            report = indexed(yes)
        except FolderShrunk as trouble:
            if not (sys.stdin.isatty() and click.confirm(f"{trouble}\nTake them out now?", err=True)):
                raise
            report = indexed(True)
        say_json(report, None if watch else 2) if as_json else show_report(report)
        if watch:
            from rag.watching import watch as watch_folder

            watch_folder(assistant, report, as_json=as_json)


@commands.command()
@click.argument("question", required=False)
@click.option("--questions", type=_OLD, help="Answer each question of this file: .txt, .csv or .jsonl.")
@common_options
@index_options
@_filters
@_length
@click.option("--out", type=_NEW, help="Write the answer here too: .md, .html, .docx, .json, .csl.json or .bib.")
@_as_json
def ask(question: str | None, questions: Path | None, out: Path | None, as_json: bool, **chosen: Any) -> int:
    """Answer QUESTION from the articles, with quotes; exit code 3 if they do not answer it.

    With --questions FILE all answers go to --out (.csv, .jsonl or .md); a second run goes on where one was interrupted.
    """
    if (question is None) == (questions is None):
        raise click.UsageError("Give a question, or a file of them with --questions.")
    if questions and as_json:
        raise click.UsageError("--json is for one question: name a file that ends with .jsonl with --out.")
    if questions:
        return _ask_all(questions, out, _wishes(chosen), chosen)
    assert question is not None
    from rag.export import Told, exported, form_of, write_out
    from rag.terminal import show_answer

    wishes, form = _wishes(chosen), form_of(out.name) if out else None
    with opened(**chosen) as assistant:
        if as_json:
            say_json(answer := assistant.ask(question, **wishes))
        else:
            answer = show_answer(assistant.stream(question, **wishes))
        if out and form:
            told = Told(question, answer.to_dict(), asked=datetime.now(UTC))
            write_out(out, exported(form, "Dateline", [told], assistant.source))
    return ABSTAINED if answer.abstained else 0


def _ask_all(questions: Path, out: Path | None, wishes: Wishes, chosen: dict[str, Any]) -> int:
    from rag.batch import Answers, answer_all, read_questions, tally, told_of
    from rag.terminal import count_progress

    if out is None:
        raise click.UsageError("Say where the answers of --questions go, with --out FILE.csv, .jsonl or .md.")
    asked = read_questions(questions, wishes)
    with opened(**chosen) as assistant:
        answers = Answers(out, assistant.fingerprint())
        with count_progress("Answering") as progress:
            for done, row in answer_all(lambda one: assistant.ask(one.question, **one.as_wishes()), asked, answers):
                progress(done, len(asked), row["question"])
    rows = [answers.rows[one] for one in asked]
    failed, abstained = tally(rows)
    say(f"{told_of(rows)}. The answers are in {out}")
    return 1 if failed else ABSTAINED if abstained == len(rows) else 0


@commands.command()
@common_options
@index_options
@_filters
@_length
def chat(**chosen: Any) -> None:
    """Ask in a loop; each question may point back to the last. An empty line or Ctrl-D ends it."""
    from rag.terminal import show_answer

    history, wishes = list[Any](), _wishes(chosen)
    with opened(**chosen) as assistant:
        assistant.read_ahead()
        while question := _next_question():
            try:
                answer = show_answer(assistant.stream(question, history, **wishes))
            except DatelineError as error:
                say(f"Error: {error}", err=True)
            else:
                history += [{"role": "user", "content": question}, {"role": "assistant", "content": answer.text}]
                assistant.read_ahead(history)


def _taken_from(chosen: dict[str, Any]) -> Filters:
    """What narrows the articles, taken out of what was `chosen`."""
    return cast("Filters", {name: chosen.pop(name) for name in _FILTERS})


def _wishes(chosen: dict[str, Any]) -> Wishes:
    """The same with the length that the answer is to have."""
    length = {True: "full", False: "short", None: None}[chosen.pop("full")]
    return cast("Wishes", {**_taken_from(chosen), "length": length})


def _next_question() -> str:
    try:
        return input("> " if sys.stdin.isatty() else "").strip()
    except EOFError:
        return ""


@commands.command()
@click.argument("query")
@click.option("-k", default=10, show_default=True, type=click.IntRange(min=1), help="How many passages.")
@click.option("--verbose", is_flag=True, help="Show ranks and cosines.")
@common_options
@index_options
@_filters
@_as_json
def search(query: str, k: int, verbose: bool, as_json: bool, **chosen: Any) -> None:
    """Find the passages nearest to QUERY; no model is called."""
    from index.embedders import embedder
    from index.store import ArticleIndex
    from rag.find import find
    from rag.settings import Settings
    from rag.terminal import show_hits

    filters = _taken_from(chosen)
    settings = Settings.load(chosen)  # no assistant: what answers takes as long to load as the search itself
    model = embedder(settings.embedder, ollama_host=settings.ollama_host)
    notes = list[str]()
    with ArticleIndex(settings.data_dir, model, settings.places, once=True) as articles:
        hits = find(articles, query, k, **filters, notes=notes)
    say_json(hits) if as_json else show_hits(hits, scores=verbose)
    for note in notes:
        say(f"Note: {note}.", err=True)


@commands.command()
@click.argument("query", default="")
@click.option("--about", is_flag=True, help="Only those with the words in the title or where the text begins.")
@common_options
@index_options
@_filters
@_as_json
def articles(query: str, about: bool, as_json: bool, **chosen: Any) -> int:
    """List the articles that have every word of QUERY, newest first; exit code 3 if none has.

    Words in quotation marks must stand together: dateline articles '"Hong Kong" police'.
    """
    from rag.terminal import show_articles

    filters = _taken_from(chosen)
    with opened(**chosen) as assistant:
        found = assistant.list(query, about=about, **filters)
    say_json(found) if as_json else show_articles(found)
    return 0 if found else ABSTAINED


@commands.command()
@click.argument("topic")
@click.option("--csv", "form", flag_value="csv", help="Print a table for spreadsheets.")
@click.option("--md", "form", flag_value="md", help="Print Markdown.")
@click.option("--json", "form", flag_value="json", help="Print JSON.")
@common_options
@index_options
@_filters
def timeline(topic: str, form: str | None, **chosen: Any) -> int:
    """What happened when, as the articles tell of TOPIC; no model is called. Exit code 3 if they name no day.

    --since and --until bound the days of the events, not those of the articles.
    """
    from rag.timeline import as_csv, as_markdown

    filters = _taken_from(chosen)
    with opened(**chosen) as assistant:
        entries = assistant.timeline(topic, **filters)
    match form:
        case "json":
            say_json(entries)
        case "csv":
            say(as_csv(entries).rstrip("\n"))
        case "md":
            say(as_markdown(topic, entries).rstrip("\n"))
        case _:
            from rag.terminal import show_timeline

            show_timeline(entries)
    return 0 if entries else ABSTAINED


@commands.command(
    name="eval", add_help_option=False, context_settings={"ignore_unknown_options": True, "allow_extra_args": True}
)
@click.pass_context
def evaluate(context: click.Context) -> None:
    """Ask gold questions and score the answers; compare runs, report on them."""
    from evals.cli import evaluate as commands_of_eval

    commands_of_eval.main(context.args, prog_name="dateline eval", standalone_mode=False)


@commands.command()
@click.argument("model", required=False)
@click.option("--data-dir", type=click.Path(path_type=Path), hidden=True)
@click.option("--engine", hidden=True)
def pull(model: str | None, data_dir: Path | None, engine: str | None) -> None:
    """Fetch MODEL, without a name the embedded engine's own (1.1 GB).

    hf:OWNER/REPO/FILE.gguf is fetched from a model hub, for the embedded engine; any other name into Ollama.
    """
    from rag.settings import Settings
    from rag.terminal import byte_progress

    settings = Settings.load({"data_dir": data_dir, "model": model})
    with byte_progress() as progress:
        if model and not model.startswith("hf:"):
            from rag.engines.ollama_server import pull as pull_from_ollama

            pull_from_ollama(settings.ollama_host, model, progress)
            say(f"{model} is on the Ollama server.")
        else:
            from rag.engines import EngineChoice
            from rag.engines.weights import DEFAULT

            choice = EngineChoice("embedded", model or DEFAULT.name, (), settings)
            path = choice.fetch(progress)
            say(f"Licence: {choice.licence or 'the model card names none'}", err=True)
            say(f"The model is here, verified: {path}")


@commands.command()
@common_options
@_as_json
def models(as_json: bool, **chosen: Any) -> None:
    """List the models that are here, and those that would write better on this machine."""
    from rag.models import models as all_models
    from rag.settings import Settings
    from rag.terminal import show_models

    found = all_models(Settings.load(chosen))
    say_json(found) if as_json else show_models(found)
    if found.trouble:
        say(f"Note: {found.trouble}", err=True)


@commands.command()
@click.option("--repair", is_flag=True, help="Mend the index from what is left of it and from the articles.")
@common_options
@index_options
@_as_json
def doctor(repair: bool, as_json: bool, **chosen: Any) -> int:
    """Say what is here, and what to do about what is wrong; exit code 1 if something is."""
    from rag.doctor import examine

    findings = examine(chosen, repair=repair)
    say_json(findings) if as_json else say("\n".join(map(str, findings)))
    return 0 if all(finding.ok for finding in findings) else 1


@commands.command()
@click.option("--data-dir", type=click.Path(path_type=Path), help="Where the index lives.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@index_options
def forget(yes: bool, **chosen: Any) -> None:
    """Delete the index, the uploads and the conversations. Your articles, the models and the runs of evals stay."""
    from index.datadir import forget as forget_data
    from rag.settings import Settings

    settings = Settings.load(chosen)
    where, told = settings.data_dir, settings.places.told(settings.data_dir)
    question = clean(f"Delete the index in {told}, and the uploads and the conversations in {where}?")
    if (where.exists() or settings.places.chroma_url) and not yes and not click.confirm(question):
        say("Nothing was deleted.")
        return
    if settings.places.chroma_url:
        from index.embedders import embedder
        from index.store import ArticleIndex

        with ArticleIndex(where, embedder(settings.embedder), settings.places) as articles:
            articles.forget()
    say(f"Deleted what was in {where}." if forget_data(where) else f"Nothing is indexed in {where}.")


if __name__ == "__main__":
    main()
