"""`dateline eval`: run, rescore, compare, report, gate, judge, marker, fit, fit-full, timelines, injections."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, get_args

import click

from evals import datasets
from evals.cases import SEEDS_GOLD, CasesError, load, spread, without_gold
from evals.causes import print_causes
from evals.compare import compare, print_comparison
from evals.gate import BARS, Gate
from evals.progress import progress
from evals.report import write_report
from evals.runs import place_for, read, writing
from evals.stats import library
from evals.table import plain_or_terminal, print_table, to_json
from evals.types import Case, Outcome, Split
from index.errors import DatelineError, EmbedderMismatch, IndexVersionMismatch
from rag.assistant import Assistant
from rag.options import common_options, together
from rag.printing import say, say_json
from rag.settings import HERE, Settings

SEEDS = Path(__file__).parent.parent / "seeds"
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_ANY, _NEW = click.Path(exists=True, path_type=Path), click.Path(dir_okay=False, path_type=Path)
_choosing = together(  # the options that choose which cases are asked
    click.option("--limit", type=click.IntRange(min=1), help="So many cases, evenly spread."),
    click.option("--skip", type=_FILE, help="Ids, one a line, of cases to leave out: those that tuning has seen."),
    click.option("--split", type=click.Choice(get_args(Split)), help="Half of the cases; all unless given."),
    click.option("--format", "form", type=click.Choice(get_args(datasets.Format)), help="The form of --dataset."),
    click.option("--dataset", type=_ANY, help="Other people's questions and articles."),
)


@click.group("eval", invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--cases", type=_FILE, help="Gold questions; those on the seed articles unless given.")
@click.option("--corpus", type=click.Path(exists=True, file_okay=False, path_type=Path), help="Their articles.")
@_choosing
@click.option("--without-gold", "blind", is_flag=True, help="Take the gold articles away: all must be refused.")
@click.option("--peer", "peers", multiple=True, metavar="NAME", help='A system to run beside Dateline; "all" of them.')
@click.option("--retrieval", is_flag=True, help="Only search; no model is loaded.")
@click.option("--out", type=_NEW, help="The run's file.")
@click.option("--signals", type=_NEW, help="Only gather what `eval fit` fits.")
@click.option("--remember", type=_NEW, help="Keep what the model says here, and take it from here when asked again.")
@click.option("--rescore", type=_FILE, metavar="RUN", help="Score this run again; no model is loaded.")
@click.option("--from-feedback", is_flag=True, help="Write readers' verdicts to --out: candidates for gold questions.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@common_options
@click.pass_context
def evaluate(
    ctx: click.Context, /, rescore: Path | None, as_json: bool, signals: Path | None, from_feedback: bool, **plan: Any
) -> None:
    """Ask gold questions, score the answers, and write a run. An interrupted run is gone on with."""
    shared = ctx.obj = {name: plan.pop(name) for name in ("data_dir", "engine", "model", "base_url")}
    if ctx.invoked_subcommand:
        return
    if from_feedback:
        from evals.feedback import write_candidates

        home = _home(shared)
        count = write_candidates(home, path := plan["out"] or home / "feedback.jsonl")
        say(f"{count} candidate{'s' if count != 1 else ''} in {path}: finish them, then ask with --cases.")
    elif signals:
        from evals.fit import watched, write

        questions, room = _Plan(**plan).questions(_home(shared))
        with _assistant(questions.corpus, room, shared, plan["remember"]) as assistant, progress() as told:
            write(signals, watched(assistant), questions.cases, told)
        say(f"What speaks for each draft and quote is in {signals}; fit it with `dateline eval fit {signals}`.")
    else:
        run = read(path := rescore or _run(_Plan(**plan), shared))
        if as_json:
            say_json(to_json(run))
        else:
            print_table(run)
            say(f"\nThe run is in {path}")


@dataclass(frozen=True, slots=True)
class _Plan:
    """What to run."""

    cases: Path | None = None
    corpus: Path | None = None
    dataset: Path | None = None
    form: datasets.Format | None = None
    blind: bool = False
    split: Split | None = None
    skip: Path | None = None
    limit: int | None = None
    peers: tuple[str, ...] = ()
    retrieval: bool = False
    out: Path | None = None
    remember: Path | None = None

    def questions(self, home: Path) -> tuple[datasets.Dataset, Path]:
        """The cases with a folder of their articles, and where these are indexed: never with the user's own."""
        if not self.dataset:
            file, corpus = self.cases or SEEDS_GOLD, self.corpus or SEEDS
            if not corpus.is_dir():
                raise CasesError(f"The articles of {file} are not in {corpus}: name their folder with --corpus.")
            found = datasets.Dataset(file.stem, tuple(load(file)), corpus)
        elif not self.form:
            raise click.UsageError(f"--dataset needs --format: one of {', '.join(get_args(datasets.Format))}.")
        else:
            found = datasets.read(self.dataset, self.form, _room(home, self.dataset))
        skipped = set(self.skip.read_text("utf-8").split()) if self.skip else set()
        chosen = [case for case in found.cases if self.split in (None, case.split) and case.id not in skipped]
        chosen = without_gold(chosen) if self.blind else chosen
        if not chosen:
            raise CasesError("No case is left to run: choose another --split, or leave out --skip or --without-gold.")
        asked = spread(chosen, self.limit or len(chosen))
        return replace(found, cases=tuple(asked)), _room(home, self.dataset or found.corpus)


def _room(home: Path, data: Path) -> Path:
    where = hashlib.sha256(str(data.resolve()).encode()).hexdigest()[:8]
    return home / "evals" / f"{data.stem}-{where}"


def _run(plan: _Plan, shared: dict[str, Any]) -> Path:
    """Runs what is planned; gives the file that it wrote."""
    from evals.judge import SupportJudge, measured
    from evals.run import RETRIEVAL, Observer, corpus, header, run
    from evals.systems import SYSTEMS, build

    library("scipy.stats")  # what is missing at the end is told at the beginning
    home = _home(shared)
    questions, room = plan.questions(home)
    # a peer's long prompts take turns: two of them fit, as a server's defaults would keep them
    kept = {"prompt_cache_mib": 256} if plan.peers else {}
    with _assistant(questions.corpus, room, shared, plan.remember, **kept) as assistant:
        named = SYSTEMS if "all" in plan.peers else ("dateline", *plan.peers)
        systems = [] if plan.retrieval else build(named, assistant)
        about = {system.name: system.about for system in systems} or {RETRIEVAL: "search only"}
        dataset = {"name": f"{questions.name}, without gold" if plan.blind else questions.name} | corpus(assistant)
        known = measured(assistant.choice.model) if systems else None
        head = header(assistant, questions.cases, about, dataset)
        head |= {"split": plan.split, "judge": known.sentence() if known else None}
        if plan.remember:
            head["settings"]["remembered"] = "times mean nothing"
        told_apart = ("without-gold" if plan.blind else "", plan.split or "", "retrieval" if plan.retrieval else "")
        stem = "-".join(filter(None, (questions.name, *told_apart)))
        with writing(plan.out or place_for(home / "runs", stem, head), head) as writer, progress() as told:
            observer = Observer(assistant, SupportJudge(assistant.engine, assistant.embed) if systems else None)
            seen: dict[str, Callable[[Case], Outcome]] = {RETRIEVAL: observer.retrieval} if plan.retrieval else {}
            seen |= {system.name: partial(observer.answered, system) for system in systems}
            run(questions.cases, seen, writer, told)
    return writer.path


def _home(shared: dict[str, Any]) -> Path:
    return Settings.load({"data_dir": shared["data_dir"]}).data_dir


@contextmanager
def _assistant(
    corpus: Path | None, room: Path, shared: dict[str, Any], memory: Path | None = None, **settings: Any
) -> Iterator[Assistant]:
    """An assistant over the articles of `corpus`, indexed in `room`; with `memory`, one that remembers."""
    from evals.remember import RememberingAssistant
    from rag.terminal import byte_progress, count_progress

    kind = partial(RememberingAssistant, memory) if memory else Assistant
    settings |= HERE | {"base_url": shared["base_url"]}
    with (
        byte_progress() as fetching,
        kind(room / "index", shared["engine"] or "auto", shared["model"], progress=fetching, **settings) as assistant,
    ):
        if corpus:
            with count_progress("Indexing") as told:
                try:
                    assistant.index(corpus, progress=told)
                except (EmbedderMismatch, IndexVersionMismatch):
                    assistant.index(corpus, replace=True, progress=told)
        yield assistant


@evaluate.command("compare")
@click.argument("a", type=_FILE)
@click.argument("b", type=_FILE)
@click.option("--system", default="dateline", show_default=True, help="Which system of A.")
@click.option("--with", "other", help="Which system of B; the same unless given.")
def compare_command(a: Path, b: Path, system: str, other: str | None) -> None:
    """What got better and what worse from run A to run B, and whether that is more than noise."""
    print_comparison(compare(read(a), read(b), system, other))


@evaluate.command()
@click.argument("run", type=_FILE)
@click.option("--system", default="dateline", show_default=True)
def causes(run: Path, system: str) -> None:
    """What went wrong in RUN, by cause, the largest first."""
    print_causes(read(run).of(system))


@evaluate.command()
@click.argument("runs", nargs=-1, required=True, type=_FILE)
@click.option("--out", type=_NEW, help="The page; beside the first run unless given.")
def report(runs: Sequence[Path], out: Path | None) -> None:
    """One self-contained HTML page: scores, plots, and every case with its answer and quotes."""
    page = out or runs[0].with_suffix(".html")
    write_report([read(path) for path in runs], page)
    say(f"The report is in {page}")


@evaluate.command()
@click.option("--bars", type=_FILE, default=BARS, help="The figures to reach; evals/gate.toml unless given.")
@click.option("--out", type=_NEW, help="The run's file.")
@click.pass_context
def gate(context: click.Context, bars: Path, out: Path | None) -> None:
    """Fail if a score on part of dev is below the figures in evals/gate.toml."""
    gate = Gate.load(bars)
    path = _run(_Plan(split="dev", limit=gate.cases, out=out), context.obj)
    run = read(path)
    print_table(run)
    if failures := gate.failures(run):
        raise DatelineError("The gate is shut: " + "; ".join(failures) + f". The answers are in {path}.")
    say(f"\nThe gate is open: {len(run.rows)} cases, no score below {bars.name}.")


@evaluate.command()
@_choosing
@click.option("--claims", type=_FILE, help="Claims with human labels too (WiCE's form).")
@click.pass_context
def judge(context: click.Context, /, claims: Path | None, **chosen: Any) -> None:
    """Measure the learned judge on sentences that are known to answer, or not. No chat model is loaded."""
    from evals.judge import read_claims
    from evals.judging import measure

    library("sklearn.metrics")
    questions, room = _Plan(**chosen).questions(_home(context.obj))
    with _assistant(questions.corpus, room, context.obj) as assistant, progress() as told:
        found = measure(assistant, questions.cases, read_claims(claims) if claims else (), told)
    for name, value, count in found:
        say(f"{name:<50} {value:6.3f}  n={count}")


@evaluate.command()
@click.argument("claims", type=_FILE)
@click.option("--half", type=click.Choice(["first", "second"]), help="Of the claims: one to choose by, one to tell.")
@click.option("--keep", "kept", is_flag=True, help="Write the figure into evals/judge.json.")
@click.pass_context
def marker(context: click.Context, claims: Path, half: str | None, kept: bool) -> None:
    """Measure what marks the answers, the chat model's Yes or No, on CLAIMS with human labels (WiCE's form)."""
    from evals import judge as judging
    from evals.run import commit, header

    library("sklearn.metrics")
    chosen = judging.read_claims(claims)
    middle = len(chosen) // 2
    chosen = chosen[:middle] if half == "first" else chosen[middle:] if half == "second" else chosen
    name, home = f"{half} half of {claims.stem}" if half else claims.stem, _home(context.obj)
    with _assistant(None, home, context.obj) as assistant:
        model = assistant.choice.model
        head = header(assistant, [], {judging.SYSTEM: "the support judge"}, {"name": name}) | {"cases": len(chosen)}
        place = place_for(home / "runs", f"{claims.stem}-judge", head)
        with writing(place, head) as writer, progress() as told:
            support = judging.SupportJudge(assistant.engine, assistant.embed)
            for done, claim in enumerate(chosen, 1):
                if (judging.SYSTEM, claim.id) not in writer.done:
                    writer.add(judging.judged(support, claim))
                told(done, len(chosen), judging.SYSTEM)
    found = judging.quality(read(writer.path).rows, name, commit(), datetime.now(UTC).date().isoformat())
    say(f"{model}: {found.sentence()}\nThe run is in {writer.path}")
    if kept:
        judging.keep(model, found)


@evaluate.command()
@click.argument("signals", nargs=-1, required=True, type=_FILE)
@click.option("--keep", "kept", is_flag=True, help="Write the weights into rag/support.json.")
def fit(signals: Sequence[Path], kept: bool) -> None:
    """Fit the weights that decide what is shown, on files that `dateline eval --signals` wrote."""
    from evals.fit import fit_all, read, save

    fits = fit_all([one for path in signals for one in read(path)])
    for name, found in fits.items():
        say(f"{name}: {found.right} right, {found.wrong} wrong, AUC {found.auc:.3f} on held-out folds")
        say("  " + ", ".join(f"{signal} {weight:+.2f}" for signal, weight in found.regression.weights.items()))
        for threshold in (0.3, 0.4, 0.5, 0.6, 0.7):
            right, wrong = found.shown(threshold)
            say(f"  from {threshold:.1f}: shows {right:.0%} of the right ones, {wrong:.0%} of the wrong ones")
    if kept:
        say(f"The weights are in {save(fits, [path.stem for path in signals])}")


@evaluate.command()
@click.option("--gold", type=_FILE, help="Stories with their events; those of wikinews_2019 unless given.")
@click.option("--corpus", type=click.Path(exists=True, file_okay=False, path_type=Path), required=True)
@click.option("--split", type=click.Choice(get_args(Split)), help="Half of the stories; all unless given.")
@click.pass_context
def timelines(context: click.Context, gold: Path | None, corpus: Path, split: Split | None) -> None:
    """Score `dateline timeline` against stories whose events are known: precision, recall, days."""
    from evals.timelines import measure, print_scores, read

    stories = [story for story in read(gold) if split in (None, story.split)]
    with _assistant(corpus, _room(_home(context.obj), corpus), context.obj) as assistant:
        print_scores([measure(assistant, story) for story in stories])


@evaluate.command("fit-full")
@click.option("--gold", "golds", type=(_FILE, _ANY), multiple=True, required=True, help="Cases, and their articles.")
@click.option("--keep", "kept", is_flag=True, help="Write the weights into rag/pieces.json.")
@click.pass_context
def fit_full(context: click.Context, golds: Sequence[tuple[Path, Path]], kept: bool) -> None:
    """Fit what a full answer tells, and whether there is one, on the dev half of gold questions with quotes."""
    from evals import pieces

    found, home = list[pieces.Observed](), _home(context.obj)
    for file, corpus in golds:
        with _assistant(corpus, _room(home, corpus), context.obj) as assistant, progress() as told:
            found += pieces.observed(assistant, [case for case in load(file) if case.split == "dev"], told)
    weights, read = pieces.fit(found), [tells for one in found if one.answerable for tells in one.tells]
    say(f"{sum(read)} of {len(read)} statements tell a point")
    for fitted in (weights.weights, weights.worth):
        say("  " + ", ".join(f"{signal} {weight:+.2f}" for signal, weight in fitted.items()))
    if kept:
        say(f"The weights are in {pieces.save(weights, [file.stem for file, _ in golds])}")


@evaluate.command()
@click.argument("attacks", type=_FILE)
@click.option("--limit", type=click.IntRange(min=1), help="So many attacks, evenly spread.")
@click.option("--out", type=_NEW, help="The run's file.")
@click.option("--rescore", type=_FILE, metavar="RUN", help="Judge this run again; no model is loaded.")
@click.option("--json", "as_json", is_flag=True, help="Print a line of JSON for each answer.")
@click.pass_context
def injections(
    context: click.Context, attacks: Path, limit: int | None, out: Path | None, rescore: Path | None, as_json: bool
) -> None:
    """Hide each order of ATTACKS in a seed article: is it obeyed, said or cited? An interrupted run is gone on with."""
    from evals import injection
    from evals.run import Observer, header
    from evals.systems import Dateline

    clean = injection.clean_text(SEEDS)
    planned = injection.trials(injection.read_attacks(attacks, limit), clean)
    if not (path := rescore):
        # every attack is another corpus, and none is the user's own
        with TemporaryDirectory() as room, _assistant(None, Path(room), context.obj) as assistant:
            dataset = {"name": f"{attacks.stem} in the seeds"}
            head = header(assistant, [one.case for one in planned], {Dateline.name: Dateline.about}, dataset)
            place = out or place_for(_home(context.obj) / "runs", f"{attacks.stem}-injections", head)
            with writing(place, head) as writer, progress() as told:
                injection.run(planned, SEEDS, Path(room) / "articles", Observer(assistant, None), writer, told)
            path = writer.path
    found = injection.findings(planned, read(path), clean)
    if not as_json:
        injection.print_findings(found, plain_or_terminal(5))
        say(f"\nThe run is in {path}")
    for one in found if as_json else ():
        say_json(one.to_dict(), indent=None)
