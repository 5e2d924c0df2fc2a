"""index/embed.py: vectors that depend on the text alone, from the embedder within or from Ollama."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from ollama_double import OllamaDouble, Reply, closed_port, cut_connection, installed, whole

from evals.peers import LlamaEmbedding
from index.embed import TextEmbedder
from index.embedders import embedder
from index.errors import EmbedderError
from index.minilm import MiniLM
from index.ollama_embed import OllamaEmbedder

BOMB = "A bomb went off near the market in Damascus."
BLAST = "An explosion shook the Syrian capital."
RECIPE = "Whisk the eggs with sugar until they are pale."


@pytest.fixture(scope="module", params=["static", "minilm"])
def within(request: pytest.FixtureRequest) -> TextEmbedder:
    """Each embedding model that needs no server."""
    return embedder(request.param, threads=1)


def vectors(model: TextEmbedder, *texts: str) -> NDArray[np.float32]:
    return np.asarray(model.get_text_embedding_batch([*texts]), np.float32)


def test_any_text_has_a_vector_and_texts_that_mean_the_same_are_nearer_than_others(within: TextEmbedder) -> None:
    bomb, blast, recipe = vectors(within, BOMB, BLAST, RECIPE)
    assert np.linalg.norm(bomb) == pytest.approx(1, abs=1e-5)
    assert bomb @ blast > 0.3 > 0.2 > bomb @ recipe
    assert np.isfinite(vectors(within, "", " \n", "😀", "\x00", "a" * 100_000)).all()
    assert vectors(within).size == 0
    again = embedder("static" if "static" in within.name else "minilm")
    assert isinstance(within, TextEmbedder) and within.fingerprint == again.fingerprint and len(again.fingerprint) == 64


def test_a_vector_does_not_depend_on_the_batch_nor_on_the_threads_nor_on_who_asks(within: TextEmbedder) -> None:
    texts = [BOMB, BLAST * 20, RECIPE, "x"]
    alone = np.array([within.get_query_embedding(text) for text in texts], np.float32)
    assert (vectors(within, *texts) == alone).all()
    assert (vectors(embedder("minilm" if "MiniLM" in within.name else "static", threads=3), *texts) == alone).all()
    peers = LlamaEmbedding(inner=within)  # of the evals
    assert (np.array(peers.get_text_embedding_batch(texts), np.float32) == alone).all()
    assert peers.get_query_embedding(BOMB) == within.get_query_embedding(BOMB)
    with ThreadPoolExecutor(4) as pool:
        assert all(
            vector == peers.get_query_embedding(BOMB) for vector in pool.map(within.get_query_embedding, [BOMB] * 8)
        )


def test_minilm_cuts_text_beyond_256_tokens_and_not_before() -> None:
    minilm, long = MiniLM(), "word " * 200
    assert minilm.get_query_embedding(long + BOMB) != minilm.get_query_embedding(long)
    assert minilm.get_query_embedding(long * 2 + BOMB) == minilm.get_query_embedding(long * 2)


def test_an_unknown_embedder_is_refused_with_those_that_exist() -> None:
    with pytest.raises(EmbedderError, match="no embedder 'word2vec': use 'static', 'minilm', or 'ollama:NAME'"):
        embedder("word2vec")


NOMIC = installed("nomic-embed-text:latest", "137M", capabilities=["embedding"])


def lengths(asked: dict[str, Any]) -> Reply:
    """Ollama's answer, with vectors that tell how long the texts are."""
    texts = [asked["input"]] if isinstance(asked["input"], str) else asked["input"]
    return whole({"model": asked["model"], "embeddings": [[float(len(text)), 1.0] for text in texts]})


def test_an_ollama_model_embeds_and_its_digest_is_the_fingerprint() -> None:
    with OllamaDouble(models=[NOMIC], embed=lengths) as ollama:
        model = embedder("ollama:nomic-embed-text", ollama_host=ollama.url)
        assert isinstance(model, TextEmbedder)
        assert (model.name, model.fingerprint) == ("ollama:nomic-embed-text", NOMIC["digest"])
        assert model.get_text_embedding_batch(["abc", "ab"]) == [[3.0, 1.0], [2.0, 1.0]]
        assert model.get_query_embedding("abcd") == [4.0, 1.0]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"models": []}, "'nomic-embed-text' is not on .* Get it with: ollama pull nomic-embed-text"),
        ({"models": [NOMIC]}, "Ollama cannot embed with 'nomic-embed-text' .*: choose an embedding model"),
        ({"models": [NOMIC], "embed": cut_connection(0)}, r"broke off \(.*\): run the same command again"),
        (None, "No Ollama answers at http://127.0.0.1:.*: start it with `ollama serve`"),
    ],
)
def test_an_ollama_that_does_not_embed_is_told_with_what_mends_it(given: dict[str, Any] | None, told: str) -> None:
    with OllamaDouble(**(given or {})) as ollama:
        host = ollama.url if given else f"http://127.0.0.1:{closed_port()}"
        model = OllamaEmbedder("nomic-embed-text", host=host)
        for ask in (lambda: model.get_query_embedding("x"), lambda: model.get_text_embedding_batch(["x"])):
            with pytest.raises(EmbedderError, match=told):
                ask()
        if not (given and given["models"]):
            with pytest.raises(EmbedderError, match=told):
                _ = model.fingerprint
