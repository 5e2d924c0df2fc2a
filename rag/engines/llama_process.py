"""The process in which llama.cpp works for Dateline. Run as a file; it imports nothing of ours, to be there at once.

Reads one line of JSON from its input (`LlamaServer` writes it), loads the model, answers with one line of JSON (the
server's address, or what is wrong), and ends with its input: when Dateline ends, however that ends, so does this.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
from pathlib import Path
from typing import Any


def main() -> None:
    for end in (signal.SIGINT, signal.SIGTERM):
        signal.signal(end, signal.SIG_IGN)  # meant for the program that asks, with which this ends
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as answers:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)  # llama.cpp says much, and nobody reads it
        os.dup2(nowhere, 2)
        asked = json.loads(sys.stdin.readline())
        served, answer = _serve(asked)
        print(json.dumps(answer), file=answers)
    if served:
        sys.stdin.read()
    shutil.rmtree(asked["copies"], ignore_errors=True)  # whoever made it may be dead
    os._exit(0)  # what is being answered is for nobody, and llama.cpp's own end would wait for it


def _serve(asked: dict[str, Any]) -> tuple[Any, dict[str, str]]:
    """The running server, which lives as long as it is held, and its address; or None, and what is missing."""
    try:
        import xllamacpp
    except ImportError as error:
        return None, {"missing": str(error)}
    try:
        server = xllamacpp.Server(_parameters(xllamacpp, asked))
    except RuntimeError:  # its reason goes to the log only
        return None, {}
    return server, {"address": server.listening_address}


def _parameters(library: Any, asked: dict[str, Any]) -> Any:
    path = Path(asked["path"])
    p = library.CommonParams()
    p.model.path = str(path)
    p.model_alias = {path.stem}  # else the file's full path is told to everyone on this machine
    p.hostnames, p.port, p.api_keys = ["127.0.0.1"], 0, [asked["key"]]
    p.verbosity = -1
    p.ui = p.endpoint_slots = p.warmup = p.ctx_shift = False
    # One slot: the window is not divided, and no batch has tokens of two prompts, which would round otherwise.
    p.n_parallel, p.n_ctx, p.cache_ram_mib = 1, asked["context_tokens"], asked["prompt_cache_mib"]
    p.n_batch = p.n_ubatch = asked["batch"]
    p.slot_save_path = f"{asked['copies']}{os.sep}"  # llama.cpp puts a file's name right behind it
    p.cpuparams.n_threads = p.cpuparams_batch.n_threads = asked["threads"]
    p.flash_attn_type = library.llama_flash_attn_type.LLAMA_FLASH_ATTN_TYPE_ENABLED
    # Read, not mapped: 1.3 GB instead of 1.9 for the default model, since llama.cpp repacks the weights;
    # and a mapped file that someone cuts short kills the process.
    p.load_mode = library.llama_load_mode.LLAMA_LOAD_MODE_NONE
    p.fit_params = False  # the window is what we asked for
    p.enable_reasoning = 0  # models that think aloud would use up the answer's tokens
    p.sse_ping_interval = -1  # pings would hide a standstill from the timeout
    return p


if __name__ == "__main__":
    main()
