"""index/embed.py: vectors that depend on the text alone, from the embedder within or from Ollama."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import numpy as np
import pytest

from evals.embedding import LlamaEmbedding
from index.embed import Embedder, TextEmbedder, embedder
from index.errors import EmbedderError
from index.ollama_embed import OllamaEmbedder

BOMB = "A bomb went off near the market in Damascus."
BLAST = "An explosion shook the Syrian capital."
RECIPE = "Whisk the eggs with sugar until they are pale."


def test_vectors_have_unit_length_and_texts_that_mean_the_same_are_nearer_than_others(minilm: Embedder) -> None:
    bomb, blast, recipe = np.array(minilm.get_text_embedding_batch([BOMB, BLAST, RECIPE]))
    assert len(bomb) == 384 and np.linalg.norm(bomb) == pytest.approx(1, abs=1e-5)
    assert bomb @ blast > 0.4 > 0.15 > bomb @ recipe


def test_a_vector_does_not_depend_on_the_batch_nor_on_the_threads_nor_on_who_asks(minilm: Embedder) -> None:
    texts = [BOMB, BLAST * 20, RECIPE, "x"]
    alone = [minilm.get_text_embedding(text) for text in texts]
    assert minilm.get_text_embedding_batch(texts) == alone
    assert Embedder(threads=3).get_text_embedding_batch(texts) == alone
    peers = LlamaEmbedding(minilm)  # of the evals
    assert (peers.get_text_embedding_batch(texts), peers.get_query_embedding(BOMB)) == (alone, alone[0])
    with ThreadPoolExecutor(4) as pool:
        assert all(vector == alone[0] for vector in pool.map(minilm.get_query_embedding, [BOMB] * 8))


def test_text_beyond_256_tokens_is_cut_and_text_before_is_not(minilm: Embedder) -> None:
    long = "word " * 200
    assert minilm.get_text_embedding(long + BOMB) != minilm.get_text_embedding(long)
    assert minilm.get_text_embedding(long * 2 + BOMB) == minilm.get_text_embedding(long * 2)


@pytest.mark.parametrize("text", ["", " \n", "😀", "\x00", "a" * 100_000])
def test_any_text_has_a_vector(minilm: Embedder, text: str) -> None:
    assert np.isfinite(minilm.get_text_embedding(text)).all()


def test_it_has_a_name_and_a_fingerprint(minilm: Embedder) -> None:
    assert isinstance(minilm, TextEmbedder) and minilm.name == "all-MiniLM-L6-v2-int8"
    assert minilm.fingerprint == Embedder().fingerprint and len(minilm.fingerprint) == 64


def test_an_unknown_embedder_is_refused_with_those_that_exist() -> None:
    with pytest.raises(EmbedderError, match="no embedder 'word2vec': use 'minilm', or 'ollama:NAME'"):
        embedder("word2vec")


class _Ollama(BaseHTTPRequestHandler):
    """Answers as Ollama 0.32 does; knows one model."""

    def do_GET(self) -> None:
        models = [{"name": "nomic-embed-text:latest", "model": "nomic-embed-text:latest", "digest": "0a1b"}]
        self._answer(200, {"models": models})

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if asked["model"] != "nomic-embed-text":
            self._answer(404, {"error": f"model '{asked['model']}' not found"})
            return
        texts = [asked["input"]] if isinstance(asked["input"], str) else asked["input"]
        self._answer(200, {"model": asked["model"], "embeddings": [[float(len(text)), 1.0] for text in texts]})

    def _answer(self, status: int, body: dict[str, Any]) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def ollama() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Ollama) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_an_ollama_model_embeds_and_its_digest_is_the_fingerprint(ollama: str) -> None:
    model = embedder("ollama:nomic-embed-text", ollama_host=ollama)
    assert isinstance(model, TextEmbedder)
    assert model.name == "ollama:nomic-embed-text"
    assert model.fingerprint == "0a1b"
    assert model.get_text_embedding_batch(["abc", "ab"]) == [[3.0, 1.0], [2.0, 1.0]]
    assert model.get_query_embedding("abcd") == [4.0, 1.0]


def test_a_model_or_an_ollama_that_is_not_there_is_told_with_the_command_that_mends_it(ollama: str) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Ollama) as server:
        nobody = f"http://127.0.0.1:{server.server_port}"
    for model, told in (
        (OllamaEmbedder("bge-m3", host=ollama), r"'bge-m3' is not on .* Get it with: ollama pull bge-m3"),
        (OllamaEmbedder("any", host=nobody), f"No Ollama answers at {nobody}: start it with `ollama serve`"),
    ):
        for ask in (lambda of=model: of.fingerprint, lambda of=model: of.get_query_embedding("x")):
            with pytest.raises(EmbedderError, match=told):
                ask()
