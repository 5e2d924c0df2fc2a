"""The judge that the package carries, as a model that training can go on from: python -m evals.train.resume FOLDER.
Its weights come back from int8. What that loses is nothing beside a single step of training."""

from pathlib import Path
from typing import Any

import click
import numpy as np
import onnx
import torch
from onnx import numpy_helper
from transformers import BertConfig, BertForSequenceClassification, BertTokenizerFast

import index
import rag

_SHAPE = {"hidden_size": 384, "num_hidden_layers": 6, "num_attention_heads": 12, "intermediate_size": 1536}


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
def main(folder: Path) -> None:
    """Writes model and tokenizer into FOLDER, as transformers saves them: the --base of the next training."""
    graph = onnx.load(str(Path(rag.__file__).parent / "data" / "judge.onnx")).graph
    model = BertForSequenceClassification(BertConfig(**_SHAPE, num_labels=1))
    state = {name: torch.from_numpy(np.array(values)) for name, values in _weights(graph).items()}
    missing, unknown = model.load_state_dict(state, strict=False)
    if unknown or [name for name in missing if not name.endswith("position_ids")]:
        raise click.ClickException(f"The judge is no BERT of this shape: {missing}, {unknown}.")
    model.save_pretrained(folder)
    tokenizer = Path(index.__file__).parent / "data" / "all-MiniLM-L6-v2-tokenizer.json"
    BertTokenizerFast(tokenizer_file=str(tokenizer), model_max_length=512).save_pretrained(folder)


def _weights(graph: Any) -> dict[str, np.ndarray]:
    """Every weight by its name in the model."""
    stored = {one.name: numpy_helper.to_array(one) for one in graph.initializer}
    found = {name: values for name, values in stored.items() if values.dtype == np.float32 and "scale" not in name}
    for name in stored:
        if not name.endswith("_quantized"):
            continue
        plain = name.removesuffix("_quantized")
        offset, scale = stored[f"{plain}_zero_point"].astype(np.float32), stored[f"{plain}_scale"]
        values = (stored[name].astype(np.float32) - offset) * scale
        if plain.startswith("bert.embeddings"):
            found[plain] = values
        else:  # a matrix stands the other way round, and its node has the module's name: /bert/…/dense/MatMul_quant
            (node,) = (node for node in graph.node if name in node.input)
            module = node.name.rpartition("/")[0].strip("/").replace("/", ".")
            found[f"{module}.weight"] = np.ascontiguousarray(values.T)
    return found


if __name__ == "__main__":
    main()
