"""What a person does in a day, each step by a process of its own: index, search, ask, the evals, the page."""

import subprocess
import sys
import time

from app_helpers import QUESTION, client, started

_LONG_ENOUGH = 30  # seconds; what onnxruntime collects it sent within 25


def main() -> None:
    evals = ["eval", "--split", "dev", "--retrieval"]
    for command in (["index", "seeds"], ["search", "Homs"], ["ask", QUESTION], evals, ["doctor"]):
        subprocess.run([sys.executable, "-m", "rag.cli", *command], check=True, stdout=subprocess.DEVNULL)
    with started() as (url, _), client(url) as http:
        begun = time.monotonic()
        for path in ("/", "/articles", "/runs", "/config", "/api/search?q=Homs"):
            http.get(path).raise_for_status()
        http.post("/api/ask", json={"question": "Who heads the Observatory?"}).raise_for_status()
        time.sleep(max(0.0, _LONG_ENOUGH - (time.monotonic() - begun)))


if __name__ == "__main__":
    main()
