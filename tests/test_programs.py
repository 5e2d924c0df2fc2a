"""Programs ask over HTTP: by our own API, and with OpenAI's, MCP's and Gradio's clients."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import gradio_client
import httpx
import openai
import pytest
from app_helpers import QUESTION, QUOTED, RIGHT, App, app_over, client, on_ollama, says, served, until
from mcp.client import Client
from ollama_double import OllamaDouble, endless, error_in_mid_stream, installed


@pytest.fixture(scope="module")
def running(seeds_dir: Path) -> Iterator[App]:
    with app_over(seeds_dir) as app:
        yield app


@pytest.fixture
def app(running: App) -> App:
    running.ollama.chat = says(RIGHT)
    running.ollama.client_left.clear()
    return running


def by_http(url: str, call: str, **given: Any) -> Any:
    """Our own API."""
    with client(url) as http:
        if call == "ask":
            reply = http.post("/api/ask", json=given)
        elif call == "search":
            reply = http.get("/api/search", params={"q": given["query"], "k": given["k"]})
        elif call in ("timeline", "articles"):
            reply = http.get(f"/api/{call}", params={"q": given.pop("query", ""), **given})
        else:
            reply = http.get(f"/api/articles/{given['id']}")
    if reply.status_code != 200:
        raise RuntimeError(reply.json()["detail"])
    return reply.json()


def by_gradio(url: str, call: str, **given: Any) -> Any:
    gradios = gradio_client.Client(url, verbose=False, httpx_kwargs={"trust_env": False})
    assert set(gradios.view_api(return_format="dict")["named_endpoints"]) == {
        "/ask", "/search", "/timeline", "/articles", "/article",
    }  # fmt: skip
    return gradios.predict(**given, api_name=f"/{call}")


def by_mcp(url: str, call: str, **given: Any) -> Any:
    async def told() -> Any:
        async with Client(f"{url}/mcp") as client:
            assert {one.name for one in (await client.list_tools()).tools} == {
                "ask", "search", "timeline", "articles", "article",
            }  # fmt: skip
            return await client.call_tool(call, given)

    answer = asyncio.run(told())
    if answer.is_error:
        raise RuntimeError(answer.content[0].text)
    listed = call in ("search", "timeline", "articles")
    return answer.structured_content["result"] if listed else answer.structured_content


@pytest.mark.parametrize("way", [by_http, by_gradio, by_mcp])
def test_every_way_in_asks_searches_reads_and_tells_what_went_wrong(app: App, way: Callable[..., Any]) -> None:
    (citation,) = way(app.url, "ask", question=QUESTION)["citations"]
    assert QUOTED in citation["quote"]
    article = way(app.url, "article", id=citation["article"])
    assert article["text"][citation["start"] : citation["end"]] == citation["quote"]
    before = len(app.ollama.chats)
    for nothing_left in ({"until": "2020-01-01"}, {"source": "Reuters"}, {"author": "Ann Lee"}):
        assert way(app.url, "ask", question=QUESTION, **nothing_left)["abstained"]
    (hit,) = way(app.url, "search", query="Homs", k=1)
    assert "Homs" in hit["passage"]["text"]
    assert {one["first"] for one in way(app.url, "timeline", topic="Hama", since="2024-12-05")} == {"2024-12-05"}
    assert len(way(app.url, "articles", query='"Hama" insurgents')) == 2
    counted = way(app.url, "ask", question="How many articles mention Hama?")
    assert (counted["text"][:10], len(counted["citations"])) == ("2 articles", 2)
    assert len(way(app.url, "ask", question="What happened in Hama?", length="full")["sentences"]) > 3
    assert len(app.ollama.chats) == before  # neither needs the model
    app.ollama.chat = error_in_mid_stream()
    for call, given, words in (
        ("ask", {"question": "  "}, "question is empty"),
        ("article", {"id": "none.txt"}, r"none\.txt"),
        ("ask", {"question": QUESTION}, "Ollama"),
    ):
        with pytest.raises((RuntimeError, gradio_client.exceptions.AppError), match=words):
            way(app.url, call, **given)


def test_http_says_whose_fault_it_is_and_shows_no_markup_of_the_callers(app: App) -> None:
    history = [{"role": "user", "content": "Where is Hama?"}, {"role": "assistant", "content": "In Syria [1]."}]
    with client(app.url) as http:
        followed = http.post("/api/ask", json={"question": "How far is it from Damascus?", "history": history})
        assert "Hama" in followed.json()["standalone_question"]
        app.ollama.chat = error_in_mid_stream()
        for reply, status, words in (
            (http.post("/api/ask", json={"question": "  "}), 400, "The question is empty"),
            (http.get("/api/articles/none.txt"), 404, "none.txt"),
            (http.get("/api/search", params={"q": "x", "since": "soon"}), 422, "date"),
            (http.post("/api/ask", json={"question": QUESTION}), 503, "Ollama"),
            (http.get("/reports"), 404, "No run was chosen"),
            (http.get("/reports", params={"run": "<script>"}), 404, "&lt;script&gt;"),
            (http.get("/export/none.md"), 404, "not there any more"),
            (http.get("/pane", params={"article": "<script>alert(1)</script>"}), 404, "&lt;script&gt;"),
        ):
            assert (reply.status_code, words in reply.text, "<script>" in reply.text) == (status, True, False)


def test_a_caller_who_leaves_stops_the_model(app: App) -> None:
    app.ollama.chat, before = says(endless()), len(app.ollama.chats)
    caller, asked = HTTPConnection(urlsplit(app.url).netloc), json.dumps({"question": QUESTION})
    caller.request("POST", "/api/ask", asked, {"Content-Type": "application/json"})
    until(lambda: len(app.ollama.chats) > before)
    caller.close()
    assert app.ollama.client_left.wait(5)


def test_openais_client_gets_the_message_with_its_quotes_whole_or_streamed(app: App) -> None:
    speaking = openai.OpenAI(
        base_url=f"{app.url}/v1", api_key="none", max_retries=0, http_client=httpx.Client(trust_env=False)
    )
    assert [model.id for model in speaking.models.list()] == ["dateline"]
    asked: Any = [{"role": "user", "content": [{"type": "text", "text": QUESTION}]}]
    completions = speaking.chat.completions
    reply = completions.create(model="dateline", messages=asked)
    message = reply.choices[0].message
    assert message.content is not None and message.annotations is not None and reply.usage is not None
    assert message.content.startswith("Hama is about 200 kilometres (125 miles) north of Damascus [1].")
    assert QUOTED in message.content
    cited = message.annotations[0].url_citation
    assert message.content[cited.start_index : cited.end_index] == "[1]"
    assert client(app.url).get(cited.url).json()["title"] == cited.title
    stream: dict[str, Any] = {"stream": True, "stream_options": {"include_usage": True}}
    chunks: list[Any] = list(completions.create(model="dateline", messages=asked, **stream))
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices) == message.content
    assert [chunk.choices[0].finish_reason for chunk in chunks if chunk.choices][-1] == "stop"
    assert chunks[-1].usage is not None and reply.usage.completion_tokens == chunks[-1].usage.completion_tokens > 0
    with pytest.raises(openai.BadRequestError, match="must be the user's"):
        completions.create(model="dateline", messages=[{"role": "assistant", "content": "Hello"}])
    app.ollama.chat = error_in_mid_stream()
    with pytest.raises(openai.InternalServerError, match="Ollama"):
        completions.create(model="dateline", messages=asked)


def test_openais_client_hears_each_sentence_while_the_next_is_being_written(seeds_dir: Path) -> None:
    heard = threading.Event()

    def writing() -> Iterator[str]:
        yield "Syrian insurgents entered Hama after days of fighting. The"
        assert heard.wait(30)
        yield " army redeployed from Hama to protect civilians."

    asked: Any = [{"role": "user", "content": "Summarise what happened in Hama."}]
    with (
        OllamaDouble(models=[installed("writer:4b")], chat=says(writing())) as ollama,
        on_ollama(seeds_dir, ollama, "writer:4b") as dateline,
        served(dateline) as url,
        openai.OpenAI(base_url=f"{url}/v1", api_key="none", http_client=httpx.Client(trust_env=False)) as speaking,
    ):
        said = list[str]()
        for chunk in speaking.chat.completions.create(model="dateline", messages=asked, stream=True):
            if words := chunk.choices[0].delta.content:
                said.append(words)
                heard.set()
    assert said[0].startswith("Syrian insurgents entered Hama after days of fighting [1]")
    assert "redeployed from Hama" in said[1] and "redeployed" not in said[0]
