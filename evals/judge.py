"""The support judge: do these quotes say this sentence? It shares no code with the check it marks, and is measured.

Every number, date and name must stand in the quotes (`evals.text.lacking`); then the model is asked whether they say
that the sentence is true. The question that the sentence answers plays no part: a true sentence beside the point is
supported, and wrong. Where a gold quote decides, the judge is not asked (`evals.scorers.citations`). How far it can be
trusted is measured on claims with human labels (`dateline eval marker`), the figure is printed beside every score."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
from llama_index.core.llms import ChatMessage
from numpy.typing import NDArray
from pydantic import BeforeValidator, TypeAdapter

from evals.cases import CasesError
from evals.records import records
from evals.stats import library, roc_auc
from evals.text import Quote, fold, lacking, unframed, words
from evals.types import Case, Outcome, Row, Support
from index.datadir import write_whole
from index.split import split_sentences
from rag.engines.base import Engine
from rag.types import Answer

MEASURED = Path(__file__).with_name("judge.json")  # how good the judge was found to be, by model
SYSTEM = "support-judge"
_READ = 8  # statements that the model reads at most; what is given beyond them is still searched for names and numbers
_COPIED = 5  # words from which a sentence that stands in a quote is said by it; "Homs." says nothing by itself
_EMBEDDED = 24  # quotes compared by meaning, those with most words in common
_ROOM = 320  # tokens of what is given to be read; beyond them, the nearest is
_SUPPORTED = 0.25  # log-odds of Yes over No; lower cuts take a neighbouring sentence of the news for support
_SAYS = (
    "Statements from news articles:\n{statements}\n\n"
    "Is it true that {claim}\nDo the statements say so? Answer Yes or No."
)


@dataclass(frozen=True)
class SupportJudge:
    """Asks `engine` whether quotes say a sentence."""

    engine: Engine
    embed: Callable[[list[str]], NDArray[np.float32]]  # gives unit vectors

    def judge(self, answer: Answer, sentence: int, citations: tuple[int, ...]) -> Support:
        """The verdict on sentence number `sentence` (from 0) of `answer` and these citations. Raises EngineError."""
        quotes = [Quote(one.quote, one.date) for one in answer.citations if one.number in citations]
        return Support(sentence, citations, *self.support(unframed(answer.sentences[sentence].text), quotes))

    def support(self, sentence: str, quotes: Sequence[Quote]) -> tuple[float, bool, str]:
        """(probability, whether that is support, why) that `quotes` together say `sentence`."""
        if not quotes:
            return 0.0, False, "nothing is cited"
        bare = fold(sentence).strip(" .!?\"'“”")
        if len(sentence.split()) >= _COPIED and any(bare in fold(quote.text) for quote in quotes):
            return 1.0, True, "a quote has these very words"
        if reason := lacking(sentence, quotes):
            return 0.0, False, f"{reason} is not in what it cites"
        log_odds, _ = self.engine.yes_minus_no(_asked(sentence, self._nearest(sentence, quotes)))
        probability = 1 / (1 + math.exp(-log_odds))
        how = "says" if log_odds > _SUPPORTED else "does not say"
        return probability, log_odds > _SUPPORTED, f"the judge finds that what it cites {how} it ({probability:.2f})"

    def _nearest(self, text: str, quotes: Sequence[Quote]) -> list[Quote]:
        """The quotes nearest to `text`, as many as there is room for, in their order."""
        if len(quotes) == 1:
            return list(quotes)
        said = words(text)
        shares = np.array([len(said & words(quote.text)) / max(1, len(said)) for quote in quotes])
        places = np.argsort(-shares, kind="stable")[:_EMBEDDED]
        vectors = self.embed([text, *(quotes[place].text for place in places)])
        nearness = vectors[1:] @ vectors[0] + 0.5 * shares[places]
        left, chosen = _ROOM, list[int]()
        for place in places[np.argsort(-nearness, kind="stable")][:_READ]:
            cost = len(quotes[place].text) // 3 + 5  # tokens, on the high side
            if not chosen or cost <= left:
                chosen.append(int(place))
                left -= cost
        return [quotes[place] for place in sorted(chosen)]


@dataclass(frozen=True)
class Claim:
    """A sentence, the text that is cited for it, and what people found: a record of WiCE (Kamoi et al., EMNLP 2023)."""

    id: Annotated[str, BeforeValidator(str)]
    claim: str
    label: int
    evidence_sentences: tuple[str, ...] = ()
    doc: str = ""

    @property
    def sentences(self) -> tuple[str, ...]:
        return self.evidence_sentences or tuple(self.doc[span.start : span.end] for span in split_sentences(self.doc))

    @property
    def supported(self) -> bool:
        return self.label == 1  # a claim that is supported in part is not


@dataclass(frozen=True, slots=True)
class Quality:
    """How good the judge is, on claims with human labels."""

    balanced_accuracy: float
    """Mean of the share of supported claims it calls so and the share of others it calls so; 0.5 is chance."""
    auc: float  # chance that a supported claim gets a higher probability than another
    claims: int
    source: str
    commit: str
    date: str

    def sentence(self) -> str:
        return (
            f"support judge: balanced accuracy {self.balanced_accuracy:.2f}, AUC {self.auc:.2f} on {self.claims} "
            f"claims with human labels ({self.source}, {self.date}, commit {self.commit})"
        )


_KEPT = TypeAdapter(dict[str, Quality])


def read_claims(path: Path) -> list[Claim]:
    """The claims of a file in WiCE's form, a line each. Raises CasesError."""
    return [claim for _, claim in records(path, TypeAdapter(Claim), CasesError, "a .jsonl file of claims")]


def judged(judge: SupportJudge, claim: Claim) -> Row:
    """The judge's word on a claim, as a row of a run. Raises EngineError."""
    quotes = [Quote(text) for text in claim.sentences if text.strip()]
    verdict = Support(0, (), *judge.support(claim.claim, quotes))
    return Row(Case(claim.id, claim.claim, claim.supported, "claim"), Outcome(SYSTEM, None, support=(verdict,)))


def quality(rows: Sequence[Row], source: str, commit: str, date: str) -> Quality:
    """What the rows of `judged` amount to; `Case.answerable` is the human label."""
    verdicts, labels = [row.outcome.support[0] for row in rows], [row.case.answerable for row in rows]
    auc = roc_auc(labels, [verdict.probability or 0.0 for verdict in verdicts])
    said = [bool(verdict.supported) for verdict in verdicts]
    balanced = float(library("sklearn.metrics").balanced_accuracy_score(labels, said))
    return Quality(balanced, auc, len(verdicts), source, commit, date)


def measured(model: str) -> Quality | None:
    """How good the judge was found to be with this model; None if nobody measured it."""
    return _KEPT.validate_json(MEASURED.read_bytes()).get(model)


def keep(model: str, quality: Quality) -> None:
    """Writes the figure where `measured` finds it."""
    kept = _KEPT.validate_json(MEASURED.read_bytes()) | {model: quality}
    write_whole(MEASURED, _KEPT.dump_json(kept, indent=2) + b"\n")


def _asked(claim: str, quotes: Sequence[Quote]) -> list[ChatMessage]:
    lines = []
    for number, quote in enumerate(quotes, 1):
        day, text = quote.published, " ".join(quote.text.split())
        lines.append(f"[{number}] {f'(published on {day:%A} {day.day} {day:%B %Y}) ' if day else ''}{text}")
    asked = _SAYS.format(statements="\n".join(lines), claim=claim)
    # "<|im_start|>" in a quote would open a turn of its own in the model's chat template
    asked = asked.replace("<|", "< |").replace("[INST]", "[ INST]")
    return [ChatMessage(role="system", content="You mark answers."), ChatMessage(role="user", content=asked)]
