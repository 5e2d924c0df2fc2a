"""Indexes a folder as LlamaIndex's documentation does: PYTHON evals/scale/peer.py FOLDER STORE MODEL.

A program of its own, for a Python of its own: it needs llama-index-core, llama-index-readers-file,
llama-index-embeddings-huggingface, llama-index-vector-stores-chroma, sentence-transformers and torch, and nothing of
Dateline. MODEL is all-MiniLM-L6-v2, as a folder. Without arguments it only sees whether all that is there."""

import sys

import chromadb
import sentence_transformers  # noqa: F401  (asked for here, so that it is missed before anything is done)
import torch  # noqa: F401
from llama_index.core import SimpleDirectoryReader, StorageContext, VectorStoreIndex
from llama_index.core.node_parser import SentenceSplitter
from llama_index.embeddings.huggingface import HuggingFaceEmbedding
from llama_index.vector_stores.chroma import ChromaVectorStore


def main(folder: str, store: str, model: str) -> None:
    """Reads, splits, embeds and stores every file of `folder`."""
    documents = SimpleDirectoryReader(folder, recursive=True).load_data()
    collection = chromadb.PersistentClient(path=store).get_or_create_collection("articles")
    context = StorageContext.from_defaults(vector_store=ChromaVectorStore(chroma_collection=collection))
    VectorStoreIndex.from_documents(
        documents,
        storage_context=context,
        transformations=[SentenceSplitter()],
        embed_model=HuggingFaceEmbedding(model_name=model),
    )


if __name__ == "__main__" and len(sys.argv) > 1:
    main(*sys.argv[1:])
