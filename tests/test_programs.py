"""Programs ask over HTTP: by our own API, and with OpenAI's, MCP's and Gradio's clients."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import gradio_client
import httpx
import openai
import pytest
from app_helpers import QUESTION, QUOTED, RIGHT, App, app_over, client, endless, says
from mcp.client import Client
from ollama_double import error_in_mid_stream


@pytest.fixture(scope="module")
def running(seeds_dir: Path) -> Iterator[App]:
    with app_over(seeds_dir) as app:
        yield app


@pytest.fixture
def app(running: App) -> App:
    running.ollama.chat = says(RIGHT)
    running.ollama.client_left.clear()
    return running


class ByHttp:
    """Our own API."""

    def __init__(self, app: App) -> None:
        self.http = client(app.url)

    def ask(self, question: str, **narrowed: Any) -> Any:
        return self._told(self.http.post("/api/ask", json={"question": question} | narrowed))

    def search(self, query: str, k: int) -> Any:
        return self._told(self.http.get("/api/search", params={"q": query, "k": k}))

    def article(self, id: str) -> Any:
        return self._told(self.http.get(f"/api/articles/{id}"))

    def _told(self, reply: httpx.Response) -> Any:
        if reply.status_code != 200:
            raise RuntimeError(reply.json()["detail"])
        return reply.json()


class ByGradio:
    """Gradio's own client."""

    def __init__(self, app: App) -> None:
        self.client = gradio_client.Client(app.url, verbose=False, httpx_kwargs={"trust_env": False})

    def ask(self, question: str, **narrowed: Any) -> Any:
        return self.client.predict(question=question, api_name="/ask", **narrowed)

    def search(self, query: str, k: int) -> Any:
        return self.client.predict(query, k, api_name="/search")

    def article(self, id: str) -> Any:
        return self.client.predict(id, api_name="/article")


class ByMcp:
    """An MCP client."""

    def __init__(self, app: App) -> None:
        self.url = f"{app.url}/mcp"

    def ask(self, question: str, **narrowed: Any) -> Any:
        return self._call("ask", question=question, **narrowed)

    def search(self, query: str, k: int) -> Any:
        return self._call("search", query=query, k=k)["result"]

    def article(self, id: str) -> Any:
        return self._call("article", id=id)

    def _call(self, tool: str, **arguments: Any) -> Any:
        async def call() -> Any:
            async with Client(self.url) as client:
                assert {one.name for one in (await client.list_tools()).tools} == {"ask", "search", "article"}
                return await client.call_tool(tool, arguments)

        told = asyncio.run(call())
        if told.is_error:
            raise RuntimeError(told.content[0].text)
        return told.structured_content


@pytest.mark.parametrize("way", [ByHttp, ByGradio, ByMcp])
def test_every_way_in_asks_searches_reads_and_tells_what_went_wrong(app: App, way: Callable[[App], Any]) -> None:
    by = way(app)
    (citation,) = by.ask(QUESTION)["citations"]
    assert QUOTED in citation["quote"]
    assert by.article(citation["article"])["text"][citation["start"] : citation["end"]] == citation["quote"]
    before = len(app.ollama.chats)
    assert by.ask(QUESTION, until="2020-01-01")["abstained"]
    (hit,) = by.search("Homs", 1)
    assert "Homs" in hit["passage"]["text"]
    assert len(app.ollama.chats) == before  # neither needs the model
    app.ollama.chat = error_in_mid_stream()
    for call, words in (
        (lambda: by.ask("  "), "question is empty"),
        (lambda: by.article("none.txt"), r"none\.txt"),
        (lambda: by.ask(QUESTION), "Ollama"),
    ):
        with pytest.raises((RuntimeError, gradio_client.exceptions.AppError), match=words):
            call()


def test_gradios_client_sees_what_is_meant_for_it_and_nothing_else(app: App) -> None:
    endpoints = ByGradio(app).client.view_api(return_format="dict")["named_endpoints"]
    assert set(endpoints) == {"/ask", "/search", "/article"}


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
            (http.get("/pane", params={"article": "<script>alert(1)</script>"}), 404, "&lt;script&gt;"),
        ):
            assert (reply.status_code, words in reply.text, "<script>" in reply.text) == (status, True, False)


def test_a_caller_who_leaves_stops_the_model(app: App) -> None:
    app.ollama.chat = says(endless())
    with pytest.raises(httpx.ReadTimeout):
        client(app.url).post("/api/ask", json={"question": QUESTION}, timeout=1)
    assert app.ollama.client_left.wait(2)


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
    chunks = list(
        completions.create(
            model="dateline", messages=asked, stream=True, stream_options={"include_usage": True}
        )
    )  # fmt: skip
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices) == message.content
    assert [chunk.choices[0].finish_reason for chunk in chunks if chunk.choices][-1] == "stop"
    assert chunks[-1].usage is not None and reply.usage.completion_tokens == chunks[-1].usage.completion_tokens > 0
    with pytest.raises(openai.BadRequestError, match="must be the user's"):
        completions.create(model="dateline", messages=[{"role": "assistant", "content": "Hello"}])
    app.ollama.chat = error_in_mid_stream()
    with pytest.raises(openai.InternalServerError, match="Ollama"):
        completions.create(model="dateline", messages=asked)
