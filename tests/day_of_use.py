"""What a person does in a day, each step by a process of its own: index, search, ask, the evals, the page."""

from __future__ import annotations

import subprocess
import sys
import time

import httpx

_DATELINE = [sys.executable, "-m", "rag.cli"]
_LONG_ENOUGH = 30  # seconds; what onnxruntime collects it sent within 25


def _page() -> None:
    """Opens the app, and looks at all that needs no reader."""
    with subprocess.Popen([*_DATELINE, "ui", "--port", "0"], stderr=subprocess.PIPE, text=True) as app:
        try:
            assert app.stderr is not None
            address = next(word for line in app.stderr for word in line.split() if word.startswith("http://"))
            begun = time.monotonic()
            with httpx.Client(base_url=address, trust_env=False, timeout=60) as http:
                for path in ("/", "/articles", "/runs", "/config", "/api/search?q=Homs"):
                    http.get(path).raise_for_status()
                http.post("/api/ask", json={"question": "Who heads the Observatory?"}).raise_for_status()
            time.sleep(max(0.0, _LONG_ENOUGH - (time.monotonic() - begun)))
        finally:
            app.terminate()


def main() -> None:
    asked = "How far is Hama from Damascus?"
    evals = ["eval", "--split", "dev", "--retrieval"]
    for command in (["index", "seeds"], ["search", "Homs"], ["ask", asked], evals, ["doctor"]):
        subprocess.run([*_DATELINE, *command], check=True, stdout=subprocess.DEVNULL)
    _page()


if __name__ == "__main__":
    main()
