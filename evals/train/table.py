"""Trains the static embedding: python -m evals.train.table FILES.gz… --teacher MODEL --out FOLDER.

A vector for each wordpiece, and a text's is the weighted mean of its wordpieces' (as model2vec does, Tulkens and van
Dongen 2024). It begins as what two others make of single wordpieces, the teacher and a larger table (wordllama's), in
the 256 main directions of both, weighted by how rare they are (Arora et al. 2017). Then it learns, of sentences,
passages and questions, to give each pair the cosine that the teacher gives, and each question the passage with its
answer among a thousand others."""

import gzip
import json
import random
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import click
import numpy as np
import torch
from safetensors.numpy import load_file
from sklearn.cluster import MiniBatchKMeans
from tokenizers import Tokenizer
from torch.nn.functional import cross_entropy, mse_loss, normalize
from transformers import AutoModel, AutoTokenizer

from index.embed import unit
from index.static import TABLE_FILE

_DIMENSIONS = 256
_BATCH = 1024
_TEMPERATURE = 0.05
_WEIGHED = 32  # what the sameness of a cosine counts, beside finding the passage


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--teacher", required=True, help="A folder with a sentence transformer that pools by the mean.")
@click.option("--table", required=True, help="A folder with wordllama's weights and tokenizer.")
@click.option("--out", required=True, type=click.Path(path_type=Path))
@click.option("--epochs", default=4, show_default=True)
@click.option("--rate", default=2e-3, show_default=True, help="The highest learning rate.")
def main(files: tuple[Path, ...], teacher: str, table: str, out: Path, epochs: int, rate: float) -> None:
    """Reads story sets and pairs in FILES; writes the table into OUT, and keeps the teacher's vectors there."""
    torch.manual_seed(1)
    out.mkdir(parents=True, exist_ok=True)
    told = [pair for file in files for pair in _asked(file)]
    texts = list(dict.fromkeys(text for pair in told for text in pair))
    place = {text: at for at, text in enumerate(texts)}
    pairs = torch.tensor([(place[question], place[passage]) for question, passage in told])
    tokenizer = AutoTokenizer.from_pretrained(teacher)
    wanted = torch.from_numpy(_kept(out / "teacher.npy", len(texts), lambda: _of_teacher(teacher, tokenizer, texts)))
    ids = [tokenizer.encode(text, add_special_tokens=False, truncation=True, max_length=256) for text in texts]
    words = [tokenizer.convert_ids_to_tokens(number) for number in range(len(tokenizer))]
    alone = _kept(out / "alone.npy", len(words), lambda: _of_teacher(teacher, tokenizer, words))
    both = np.concatenate([unit(alone), unit(_of_table(Path(table), words))], axis=1)
    learned = _Table(both, np.bincount([one for text in ids for one in text], minlength=len(words)))
    _learn(learned, ids, wanted, pairs, epochs, rate)
    kept: dict[str, Any] = quantized(learned.vectors().detach().numpy())
    np.savez_compressed(out / TABLE_FILE, **kept)


def quantized(rows: np.ndarray) -> dict[str, np.ndarray]:
    """Product quantization (Jégou et al. 2011): each eight numbers of a direction are those of one of 256 codes.

    The space is turned at random before, so that each part holds as much; cosines stay. An eighth of int8's size.
    """
    turned, _ = np.linalg.qr(np.random.default_rng(0).normal(size=(_DIMENSIONS, _DIMENSIONS)))
    parts = (unit(rows) @ turned.astype(np.float32)).reshape(len(rows), -1, 8)
    found = [
        MiniBatchKMeans(256, random_state=1, batch_size=4096, n_init=1, max_iter=60).fit(parts[:, at])
        for at in range(parts.shape[1])
    ]
    return {
        "codes": np.stack([each.labels_ for each in found], axis=1).astype(np.uint8),
        "centres": np.stack([each.cluster_centers_ for each in found]).astype(np.float16),
        "lengths": np.linalg.norm(rows, axis=1).astype(np.float16),
    }


class _Table(torch.nn.Module):  # type: ignore[misc]
    """A vector a wordpiece: the teacher's turned as a whole, and a little of its own."""

    def __init__(self, alone: np.ndarray, counts: np.ndarray) -> None:
        super().__init__()
        centred = alone - alone.mean(axis=0)
        _, _, directions = np.linalg.svd(centred, full_matrices=False)
        start = normalize(torch.from_numpy(centred @ directions[:_DIMENSIONS].T).float(), dim=-1)
        share = torch.from_numpy((counts + 1) / (counts.sum() + len(counts))).float()
        self.start = torch.nn.Parameter(start, requires_grad=False)
        self.turn = torch.nn.Parameter(torch.eye(_DIMENSIONS))
        self.own = torch.nn.Embedding(len(alone), _DIMENSIONS, sparse=False)
        torch.nn.init.zeros_(self.own.weight)
        self.weight = torch.nn.Parameter(torch.log(1e-3 / (1e-3 + share)).unsqueeze(1))

    def vectors(self) -> torch.Tensor:
        return (self.start @ self.turn + self.own.weight) * self.weight.exp()

    def forward(self, texts: Sequence[Sequence[int]]) -> torch.Tensor:
        flat = torch.tensor([number for text in texts for number in text])
        starts = torch.tensor([0, *np.cumsum([len(text) for text in texts])[:-1]])
        return normalize(torch.nn.functional.embedding_bag(flat, self.vectors(), starts, mode="sum"), dim=-1)


def _learn(
    table: _Table, ids: list[list[int]], wanted: torch.Tensor, pairs: torch.Tensor, epochs: int, rate: float
) -> None:
    optimizer = torch.optim.Adam([one for one in table.parameters() if one.requires_grad], lr=rate)
    steps = epochs * (len(pairs) // _BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, rate, total_steps=steps)
    for epoch in range(epochs):
        sums = np.zeros(2)
        order = torch.randperm(len(pairs))
        for start in range(0, len(pairs) - _BATCH + 1, _BATCH):
            asked, told = pairs[order[start : start + _BATCH]].T
            questions, passages = table([ids[at] for at in asked]), table([ids[at] for at in told])
            mine, its = torch.cat([questions, passages]), torch.cat([wanted[asked], wanted[told]])
            found = cross_entropy(questions @ passages.T / _TEMPERATURE, _places(asked, told))
            alike = mse_loss(mine @ mine.T, its @ its.T)
            (found + _WEIGHED * alike).backward()
            optimizer.step()
            optimizer.zero_grad()
            schedule.step()
            sums += (found.item(), alike.item())
        found_, alike_ = sums / (steps // epochs)
        click.echo(f"epoch {epoch + 1} of {epochs}: finding {found_:.3f}, likeness {alike_:.4f}")


def _places(asked: torch.Tensor, told: torch.Tensor) -> torch.Tensor:
    """Which passages answer which question of a batch: those it is paired with, in equal parts."""
    same = (told[:, None] == told[None, :]).float() + (asked[:, None] == asked[None, :]).float()
    same = (same > 0).float()
    return same / same.sum(dim=1, keepdim=True)


def _asked(file: Path) -> Iterator[tuple[str, str]]:
    """Questions of a file, each with a passage that answers it: the sentence, and some that stand around it."""
    chance = random.Random(1)
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    if "articles" in rows[0]:
        yield from (pair for row in rows for pair in _of_set(row, chance))
    elif "yes" in rows[0]:
        yield from ((asked[0], row["statement"]) for row in rows for asked in row["yes"])
    else:
        yield from _of_pairs(rows, chance)


def _of_set(row: dict[str, Any], chance: random.Random) -> Iterator[tuple[str, str]]:
    for asked in row["questions"]:
        for number, at in asked["yes"]:
            article = row["articles"][number]
            first = max(0, at - chance.randint(0, 4))
            yield asked["q"], " ".join(article["sentences"][first : at + chance.randint(1, 5)])
            yield asked["q"], article["sentences"][at]


def _of_pairs(rows: Sequence[dict[str, Any]], chance: random.Random) -> Iterator[tuple[str, str]]:
    around: dict[str, list[str]] = {}
    for row in rows:
        if str(row.get("kind")).startswith("q-paragraph"):
            around.setdefault(row["question"], []).append(row["sentence"])
    for row in rows:
        if row.get("label", row.get("answerable")) and row["question"] and not row.get("answer"):
            told = row.get("sentence") or row["context"]
            beside = around.get(row["question"], [])
            yield row["question"], told
            if beside:
                several = [told, *chance.sample(beside, min(len(beside), chance.randint(1, 5)))]
                yield row["question"], " ".join(chance.sample(several, len(several)))


def _kept(path: Path, rows: int, make: Callable[[], np.ndarray]) -> np.ndarray:
    """What was made before, if it has so many rows."""
    made: np.ndarray = np.load(path) if path.exists() else make()
    if len(made) != rows:
        made = make()
    np.save(path, made)
    return made


def _of_table(folder: Path, words: Sequence[str]) -> np.ndarray:
    """Of each word the mean of its pieces' vectors there, where words are cut into other pieces."""
    vectors = next(iter(load_file(next(folder.rglob("l2_supercat_256.safetensors"))).values())).astype(np.float32)
    tokenizer = Tokenizer.from_file(str(next(folder.rglob("l2_supercat_tokenizer_config.json"))))
    found = np.zeros((len(words), vectors.shape[1]), np.float32)
    for at, word in enumerate(words):
        if pieces := tokenizer.encode(word.removeprefix("##"), add_special_tokens=False).ids:
            found[at] = vectors[pieces].mean(axis=0)
    return found


def _of_teacher(teacher: str, tokenizer: Any, texts: Sequence[str]) -> np.ndarray:
    model = AutoModel.from_pretrained(teacher).eval()
    order = sorted(range(len(texts)), key=lambda at: len(texts[at]))
    found = np.zeros((len(texts), model.config.hidden_size), dtype=np.float32)
    for start in range(0, len(order), 64):
        places = order[start : start + 64]
        said = [texts[at] for at in places]
        read = tokenizer(said, padding=True, truncation=True, max_length=256, return_tensors="pt")
        with torch.inference_mode():
            hidden = model(**read).last_hidden_state
        mask = read["attention_mask"].unsqueeze(-1)
        found[places] = normalize((hidden * mask).sum(dim=1) / mask.sum(dim=1), dim=-1).numpy()
        if start % 6400 == 0:
            click.echo(f"the teacher has read {start:,} of {len(order):,}")
    return found


if __name__ == "__main__":
    main()
