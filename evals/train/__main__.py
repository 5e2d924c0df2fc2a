"""Trains the judge: python -m evals.train PAIRS.jsonl.gz… --dev DEV.jsonl.gz --base MODEL --out FOLDER.

A cross-encoder (Nogueira and Cho, 2019): question and statement are read together by a small transformer whose first
token's state becomes one logit. It goes on where it stopped. Run it on an idle machine, or by chrt --idle 0."""

import json
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import click
import numpy as np
import torch
from sklearn.metrics import roc_auc_score
from transformers import AutoModelForSequenceClassification, AutoTokenizer

from evals.train.pairs import Pair, augmented, read
from rag.crossencoder import LONGEST, with_answer

_BATCH = 32
_POOL = 64  # batches that are sorted by length together


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--dev", required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--base", required=True, help="A folder with a BERT and its tokenizer, as transformers saves them.")
@click.option("--out", required=True, type=click.Path(path_type=Path))
@click.option("--epochs", default=2.0, show_default=True)
@click.option("--rate", default=6e-5, show_default=True, help="The highest learning rate.")
@click.option("--threads", default=2, show_default=True)
def main(files: tuple[Path, ...], dev: Path, base: str, out: Path, epochs: float, rate: float, threads: int) -> None:
    """Trains on FILES and keeps the state in OUT every few minutes."""
    torch.set_num_threads(threads)
    torch.manual_seed(1)
    out.mkdir(parents=True, exist_ok=True)
    tokenizer = AutoTokenizer.from_pretrained(base)
    model = AutoModelForSequenceClassification.from_pretrained(base, num_labels=1)
    model.bert.embeddings.requires_grad_(False)  # names that only news has keep their place, and a step is shorter
    learned = [weights for weights in model.parameters() if weights.requires_grad]
    optimizer = torch.optim.AdamW(learned, lr=rate, weight_decay=0.01)
    pairs = [pair for file in files for pair in read(file)]
    per_epoch = len(augmented(pairs, 0)) // _BATCH
    steps = int(per_epoch * epochs)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda at: min(at / (0.06 * steps), (steps - at) / (0.94 * steps))
    )
    step, kept, lasting = 0, out / "state.pt", {"model": model, "optimizer": optimizer, "schedule": schedule}
    if kept.exists():
        state = torch.load(kept)
        for name, part in lasting.items():
            part.load_state_dict(state[name])
        step = state["step"]
    held_out = read(dev)[::2]
    model.train()
    click.echo(f"{len(pairs):,} pairs, {per_epoch:,} batches an epoch, {steps:,} in all; begins at {step:,}")
    saved, since, losses, began = time.monotonic(), time.monotonic(), list[float](), step
    while step < steps:
        epoch, skip = divmod(step, per_epoch)
        for batch in list(_batches(augmented(pairs, epoch), tokenizer, epoch))[skip:per_epoch]:
            losses.append(_learn(model, batch, tokenizer, optimizer))
            schedule.step()
            step += 1
            if step % 100 == 0:
                left = (time.monotonic() - since) / (step - began) * (steps - step) / 60
                click.echo(f"{step:,} of {steps:,}, loss {np.mean(losses[-100:]):.3f}, about {left:.0f} min left")
            if step % 1000 == 0 or step == steps:
                told = {"step": step, "pairs": step * _BATCH, **measured(model, tokenizer, held_out)}
                click.echo(json.dumps(told))
                with (out / "curve.jsonl").open("a") as curve:
                    curve.write(json.dumps(told) + "\n")
            if time.monotonic() - saved > 300 or step == steps:
                state = {name: part.state_dict() for name, part in lasting.items()} | {"step": step}
                torch.save(state, kept.with_suffix(".part"))
                kept.with_suffix(".part").rename(kept)
                saved = time.monotonic()
            if step == steps:
                break
    model.save_pretrained(out / "model")
    tokenizer.save_pretrained(out / "model")


def encoded(tokenizer: Any, pairs: Sequence[Pair]) -> Any:
    """The pairs as tensors. An answer stands behind its question; the longer of both is what is cut."""
    first = [pair.question if pair.answer is None else with_answer(pair.question, pair.answer) for pair in pairs]
    return tokenizer(
        first, [pair.words for pair in pairs], truncation="longest_first", max_length=LONGEST, padding=True,
        return_tensors="pt",
    )  # fmt: skip


def measured(model: Any, tokenizer: Any, pairs: Sequence[Pair]) -> dict[str, float]:
    """AUC of "does it answer" and of "is the answer right", and of the kinds that are scarce."""
    logits = scores(model, tokenizer, pairs)
    labels = np.array([pair.label for pair in pairs])
    asked = np.array([pair.answer is None for pair in pairs])
    kinds = {"other": ("qa-gold", "qa-other"), "subject": ("qa-gold", "qa-subject"), "swapped": ("q-gold", "q-swapped")}
    chosen = {name: np.array([pair.kind in both for pair in pairs]) for name, both in kinds.items()}
    chosen = {"answers": asked, "supports": ~asked} | chosen
    return {name: round(float(roc_auc_score(labels[of], logits[of])), 4) for name, of in chosen.items()}


def scores(model: Any, tokenizer: Any, pairs: Sequence[Pair]) -> np.ndarray:
    """A logit a pair."""
    model.eval()
    order = sorted(range(len(pairs)), key=lambda at: len(pairs[at].words) + len(pairs[at].question))
    found = np.zeros(len(pairs), dtype=np.float32)
    for start in range(0, len(order), _BATCH):
        places = order[start : start + _BATCH]
        with torch.inference_mode():
            logits = model(**encoded(tokenizer, [pairs[place] for place in places])).logits
        found[places] = logits.numpy()[:, 0]
    model.train()
    return found


def _learn(model: Any, batch: Sequence[Pair], tokenizer: Any, optimizer: torch.optim.Optimizer) -> float:
    logits = model(**encoded(tokenizer, batch)).logits[:, 0]
    wanted = torch.tensor([pair.label for pair in batch])
    loss = torch.nn.functional.binary_cross_entropy_with_logits(logits, wanted)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    optimizer.zero_grad()
    return float(loss.item())


def _batches(pairs: Sequence[Pair], tokenizer: Any, seed: int) -> Iterator[Sequence[Pair]]:
    """Batches of about one length each, in no order: half of the time would go into padding."""
    chance = np.random.default_rng(seed)
    size = _BATCH * _POOL
    for start in range(0, len(pairs) - _BATCH + 1, size):
        pool = sorted(pairs[start : start + size], key=lambda pair: len(pair.words) + len(pair.question))
        places = list(range(0, len(pool) - _BATCH + 1, _BATCH))
        for at in chance.permutation(places):
            yield pool[at : at + _BATCH]


if __name__ == "__main__":
    main()
