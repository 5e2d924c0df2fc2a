"""The trained judge as the package carries it: python -m evals.train.export FOLDER… --dev DEV.jsonl.gz.

Of several steps of training the mean of the weights (Wortsman et al. 2022, "Model soups"). ONNX, its matrices in int8
with a scale for each of their rows (a scale for the whole matrix spoils it), and beside it the slope and offset that
make its logits probabilities (Platt 1999), fitted on the pairs that training did not see."""

import json
import tempfile
from functools import partial
from pathlib import Path

import click
import numpy as np
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from sklearn.linear_model import LogisticRegression
from transformers import AutoModelForSequenceClassification, AutoTokenizer

from evals.train.__main__ import encoded
from evals.train.pairs import read
from rag.crossencoder import CrossEncoder

_DATA = Path(__file__).parent.parent.parent / "rag" / "data"


@click.command()
@click.argument("folders", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--dev", required=True, type=click.Path(exists=True, path_type=Path))
def main(folders: tuple[Path, ...], dev: Path) -> None:
    """Writes rag/data/judge.onnx and judge.json from the models in FOLDERS."""
    tokenizer = AutoTokenizer.from_pretrained(folders[0])
    read_from = partial(AutoModelForSequenceClassification.from_pretrained, attn_implementation="eager")
    model, *others = (read_from(folder).eval() for folder in folders)
    for same in zip(*(one.parameters() for one in (model, *others)), strict=True):
        same[0].data = torch.stack([weights.data for weights in same]).mean(0)
    pairs = read(dev)[1::2]
    sample = encoded(tokenizer, pairs[:2])
    names = ["input_ids", "attention_mask", "token_type_ids"]
    _DATA.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        exact = Path(scratch) / "exact.onnx"
        torch.onnx.export(
            model, tuple(sample[name] for name in names), exact, input_names=names, output_names=["logits"],
            dynamic_axes={name: {0: "pairs", 1: "tokens"} for name in names}, dynamo=False, opset_version=17,
        )  # fmt: skip
        quantize_dynamic(exact, _DATA / "judge.onnx", per_channel=True, weight_type=QuantType.QInt8)
    (_DATA / "judge.json").write_text(json.dumps({"answers": [1.0, 0.0], "supports": [1.0, 0.0]}), encoding="utf-8")
    judge, calibration = CrossEncoder(), {}
    for head in ("answers", "supports"):
        chosen = [pair for pair in pairs if (pair.answer is None) == (head == "answers")]
        given = [
            judge.answers(pair.question, [pair.words])[0]
            if pair.answer is None
            else judge.supports(pair.question, pair.answer, [pair.words])[0]
            for pair in chosen
        ]
        odds = np.log(np.clip(given, 1e-6, 1 - 1e-6) / (1 - np.clip(given, 1e-6, 1 - 1e-6)))
        fit = LogisticRegression().fit(odds.reshape(-1, 1), [pair.label for pair in chosen])
        calibration[head] = [round(float(fit.coef_[0][0]), 4), round(float(fit.intercept_[0]), 4)]
    (_DATA / "judge.json").write_text(json.dumps(calibration) + "\n", encoding="utf-8")
    click.echo(f"{(_DATA / 'judge.onnx').stat().st_size / 1e6:.1f} MB, {calibration}")


if __name__ == "__main__":
    main()
