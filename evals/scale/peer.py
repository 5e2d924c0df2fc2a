"""Indexes a folder as LlamaIndex's documentation does: PYTHON evals/scale/peer.py FOLDER STORE MODEL [TOKENS].

A program of its own, for a Python of its own: it needs llama-index-core, llama-index-readers-file,
llama-index-embeddings-huggingface, llama-index-vector-stores-chroma, sentence-transformers and torch, and nothing of
Dateline. MODEL is all-MiniLM-L6-v2, as a folder; it reads the first 256 tokens of a chunk, which by default has 1,024.
TOKENS are the chunk's. Without arguments it only sees whether all that is there."""

import sys

import chromadb
import sentence_transformers  # noqa: F401  (asked for here, so that it is missed before anything is done)
import torch  # noqa: F401
from llama_index.core import SimpleDirectoryReader, StorageContext, VectorStoreIndex
from llama_index.core.node_parser import SentenceSplitter
from llama_index.embeddings.huggingface import HuggingFaceEmbedding
from llama_index.vector_stores.chroma import ChromaVectorStore


def main(folder: str, store: str, model: str, tokens: str = "1024") -> None:
    """Reads, splits, embeds and stores every file of `folder`."""
    documents = SimpleDirectoryReader(folder, recursive=True).load_data()
    collection = chromadb.PersistentClient(path=store).get_or_create_collection("articles")
    context = StorageContext.from_defaults(vector_store=ChromaVectorStore(chroma_collection=collection))
    VectorStoreIndex.from_documents(
        documents,
        storage_context=context,
        transformations=[SentenceSplitter(chunk_size=int(tokens), chunk_overlap=int(tokens) // 5)],
        embed_model=HuggingFaceEmbedding(model_name=model),
    )


if __name__ == "__main__" and len(sys.argv) > 1:
    main(*sys.argv[1:])
