"""Environments as people have them: proxies, certificates and OLLAMA_HOST in any form, from before the first import."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from app_helpers import QUESTION, RIGHT, says
from ollama_double import OllamaDouble

from index.embedders import embedder
from index.errors import SettingsError
from index.network import http_options
from rag.engines.ollama_server import is_running

ODD = {
    "a SOCKS proxy": {"ALL_PROXY": "socks5://127.0.0.1:9"},
    "a proxy of no known kind": {"all_proxy": "socks://127.0.0.1:9"},
    "a proxy that is no URL": {"HTTPS_PROXY": "http://anna:s3cret@proxy:port"},
    "a network without proxy": {"HTTP_PROXY": "http://127.0.0.1:9", "NO_PROXY": "fe80::/10"},
    "brackets without proxy": {"HTTP_PROXY": "http://127.0.0.1:9", "NO_PROXY": "[::1]"},
    "certificates nowhere": {"SSL_CERT_FILE": "/nowhere.pem"},
}
_SHOWN = """
import sys
from rag.cli import main
for command in sys.argv[1:]:
    try:
        main(command.split("|"))
    except SystemExit as end:
        print(f"{command.split('|')[0]} ended with {end.code}", flush=True)
import ui
"""
"""Runs the commands one after the other, then imports the page; a traceback is a traceback."""


def ran(data: Path, engine: str, **environment: str) -> tuple[list[str], str]:
    """How each command ended in a fresh process, where `engine` is examined, and all that was printed."""
    kept = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    kept.pop("SSL_CERT_FILE", None)
    places = {"DATELINE_DATA_DIR": str(data / "data"), "DATELINE_CACHE_DIR": str(data / "cache")}
    commands = ["--version", "--help", "index|seeds", "search|Homs", f"doctor|--engine|{engine}"]
    done = subprocess.run(
        [sys.executable, "-c", _SHOWN, *commands, f"ask|{QUESTION}|--engine|ollama"],
        env=kept | places | environment, capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert "Traceback" not in done.stderr, done.stderr
    assert done.returncode == 0
    codes = [line.rpartition(" ")[2] for line in done.stdout.splitlines() if " ended with " in line]
    return codes, done.stdout + done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("odd", ODD)
def test_what_the_environment_says_of_elsewhere_means_nothing_here(tmp_path: Path, odd: str) -> None:
    """Not to the commands, and not to an Ollama on this machine."""
    with OllamaDouble(chat=says(RIGHT)) as ollama:
        codes, printed = ran(tmp_path, "ollama", **ODD[odd], OLLAMA_HOST=ollama.url)
    assert codes == ["0"] * 6, printed
    assert "125 miles) north of Damascus [1]." in printed


@pytest.mark.slow
@pytest.mark.parametrize(("host", "is_address"), [("127.0.0.1:99999", False), ("::1", True), ("'127.0.0.1:9'", True)])
def test_an_ollama_host_of_any_form_is_told_of_only_where_ollama_is_asked(
    tmp_path: Path, host: str, is_address: bool
) -> None:
    codes, printed = ran(tmp_path, "embedded", OLLAMA_HOST=host)
    assert codes == ["0", "0", "0", "0", "0" if is_address else "1", "1"], printed
    told = "start it with `ollama serve`" if is_address else "which is no address: write it like 127.0.0.1:11434"
    assert told in printed.splitlines()[-1]
    assert is_address or f"NOT OK Ollama: OLLAMA_HOST is '{host}', which is no address" in printed


# -- where a server is asked for elsewhere ----------------------------------------------------------


@pytest.fixture
def environ(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Without any proxy or certificates."""
    for name in [name for name in os.environ if name.lower().endswith("_proxy") or name.startswith("SSL_CERT_")]:
        monkeypatch.delenv(name)
    return monkeypatch


HTTP = {"HTTP_PROXY": "http://proxy:1"}


@pytest.mark.parametrize(
    ("given", "url", "proxy"),
    [
        ({}, "https://example.org", None),
        ({"HTTPS_PROXY": "http://proxy:1"}, "https://example.org", "http://proxy:1"),
        ({"HTTPS_PROXY": "socks://proxy:1"}, "http://example.org", None),  # not for this URL
        ({"ALL_PROXY": "proxy:1"}, "http://example.org", "http://proxy:1"),
        (HTTP | {"NO_PROXY": "localhost, .example.org"}, "http://a.example.org", None),
        (HTTP | {"NO_PROXY": "192.168.0.0/16,fe80::/10"}, "http://192.168.1.7:11434", None),
        (HTTP | {"NO_PROXY": "[fd00::7]"}, "http://[fd00::7]:11434", None),
        (HTTP | {"NO_PROXY": "[::1]"}, "http://[fd00::7]:11434", "http://proxy:1"),
        *((HTTP, f"http://{here}:11434", None) for here in ("127.0.0.1", "localhost", "[::1]")),
    ],
)
def test_a_server_is_reached_through_the_proxy_that_is_meant_for_it(
    environ: pytest.MonkeyPatch, given: dict[str, str], url: str, proxy: str | None
) -> None:
    for name, value in given.items():
        environ.setenv(name, value)
    assert http_options(url)["proxy"] == proxy


def test_a_proxy_gets_the_question_to_a_server_elsewhere_and_none_of_ollamas_embedder_here(
    environ: pytest.MonkeyPatch,
) -> None:
    with OllamaDouble() as proxy, OllamaDouble() as ollama:
        environ.setenv("HTTP_PROXY", proxy.url)
        is_running("ollama.example.org")
        model = embedder("ollama:qwen2.5-coder:0.5b", ollama_host=ollama.url)
        assert model.fingerprint.startswith("2126e692")
        assert [request.path for request in proxy.requests] == ["http://ollama.example.org:11434/api/version"]


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("ALL_PROXY", "socks5://proxy:1", r"ALL_PROXY names a SOCKS proxy.* `pip install socksio`"),
        ("ALL_PROXY", "socks://proxy:1", r"ALL_PROXY names a socks proxy, which .* write it like http://"),
        ("https_proxy", "http://anna:s3cret@proxy:port", r"HTTPS_PROXY is no URL: .* or name example\.org in NO_PROXY"),
        ("HTTPS_PROXY", "proxy:port", r"HTTPS_PROXY is no URL: write it like http://proxy"),
        ("SSL_CERT_FILE", "/nowhere.pem", r"SSL_CERT_FILE is '/nowhere\.pem', .* correct it, or unset it\.$"),
        ("SSL_CERT_FILE", __file__, r"SSL_CERT_FILE is .* correct it, or unset it\.$"),
    ],
)
def test_what_cannot_be_used_for_it_is_a_sentence_that_names_the_variable(
    environ: pytest.MonkeyPatch, name: str, value: str, sentence: str
) -> None:
    environ.setenv(name, value)
    asks: list[Any] = [is_running, lambda host: embedder("ollama:nomic-embed-text", ollama_host=host)]
    for ask in asks:
        with pytest.raises(SettingsError, match=f"^(?!.*s3cret).*{sentence}"):
            ask("https://example.org")
