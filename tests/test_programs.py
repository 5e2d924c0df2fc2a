"""Programs ask over HTTP: our own API, and OpenAI's with OpenAI's client."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gradio_client
import httpx
import openai
import pytest
from app_helpers import QUESTION, QUOTED, RIGHT, endless, says, served
from checking import CheckedAssistant
from mcp.client import Client
from ollama_double import OllamaDouble, error_in_mid_stream


class App:
    """The app over the seeds, and the Ollama double that answers in it."""

    def __init__(self, url: str, ollama: OllamaDouble) -> None:
        self.url, self.ollama = url, ollama
        self.http = httpx.Client(base_url=url, trust_env=False, timeout=20)
        self.openai = openai.OpenAI(
            base_url=f"{url}/v1", api_key="none", max_retries=0, http_client=httpx.Client(trust_env=False)
        )


@pytest.fixture(scope="module")
def running(seeds: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    with (
        OllamaDouble() as ollama,
        CheckedAssistant(tmp_path_factory.mktemp("app"), "ollama", "qwen2.5-coder:1.5b", ollama_host=ollama.url) as it,
    ):
        it.index(seeds)
        with served(it) as url:
            yield App(url, ollama)


@pytest.fixture
def app(running: App) -> App:
    running.ollama.chat = says(RIGHT)
    running.ollama.client_left.clear()
    return running


def test_ask_gives_the_answer_with_citations_that_are_the_articles_characters(app: App) -> None:
    answer = app.http.post("/api/ask", json={"question": QUESTION}).json()
    (citation,) = answer["citations"]
    article = app.http.get(f"/api/articles/{citation['article']}").json()
    assert article["text"][citation["start"] : citation["end"]] == citation["quote"]
    assert QUOTED in citation["quote"]


def test_ask_takes_the_history_and_the_dates(app: App) -> None:
    history = [{"role": "user", "content": "Where is Hama?"}, {"role": "assistant", "content": "In Syria [1]."}]
    asked = {"question": "How far is it from Damascus?", "history": history}
    assert "Hama" in app.http.post("/api/ask", json=asked).json()["standalone_question"]
    assert app.http.post("/api/ask", json={"question": QUESTION, "until": "2020-01-01"}).json()["abstained"]


def test_search_finds_passages_without_a_model(app: App) -> None:
    before = len(app.ollama.chats)
    hits = app.http.get("/api/search", params={"q": "Homs", "k": 2}).json()
    assert len(hits) == 2
    assert "Homs" in hits[0]["passage"]["text"]
    assert len(app.ollama.chats) == before


@pytest.mark.parametrize(
    ("request_of", "status", "words"),
    [
        (lambda http: http.post("/api/ask", json={"question": "  "}), 400, "The question is empty"),
        (lambda http: http.get("/api/articles/none.txt"), 404, "none.txt"),
        (lambda http: http.get("/api/search", params={"q": "x", "since": "soon"}), 422, "date"),
    ],
)
def test_mistakes_are_told_in_a_sentence(app: App, request_of: object, status: int, words: str) -> None:
    answer = request_of(app.http)  # type: ignore[operator]
    assert answer.status_code == status
    assert words in answer.text


def test_an_engine_that_dies_is_not_the_callers_fault(app: App) -> None:
    app.ollama.chat = error_in_mid_stream()
    answer = app.http.post("/api/ask", json={"question": QUESTION})
    assert answer.status_code == 503
    assert "Ollama" in answer.json()["detail"]


def test_a_caller_who_leaves_stops_the_model(app: App) -> None:
    app.ollama.chat = says(endless())
    with pytest.raises(httpx.ReadTimeout):
        app.http.post("/api/ask", json={"question": QUESTION}, timeout=1)
    assert app.ollama.client_left.wait(2)


def test_openais_client_lists_the_model(app: App) -> None:
    assert [model.id for model in app.openai.models.list()] == ["dateline"]


def test_openais_client_gets_the_answer_its_quotes_and_annotations(app: App) -> None:
    reply = app.openai.chat.completions.create(model="dateline", messages=[{"role": "user", "content": QUESTION}])
    message = reply.choices[0].message
    assert message.content is not None and message.annotations is not None
    assert message.content.startswith("Hama is about 200 kilometres (125 miles) north of Damascus [1].")
    assert QUOTED in message.content
    cited = message.annotations[0].url_citation
    assert message.content[cited.start_index : cited.end_index] == "[1]"
    assert app.http.get(cited.url).json()["title"] == cited.title
    assert reply.usage is not None and reply.usage.completion_tokens > 0


def test_openais_client_streams_the_same_message(app: App) -> None:
    chunks = list(
        app.openai.chat.completions.create(
            model="dateline",
            messages=[{"role": "user", "content": [{"type": "text", "text": QUESTION}]}],
            stream=True,
            stream_options={"include_usage": True},
        )
    )
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert text.startswith("Hama is about 200 kilometres (125 miles) north of Damascus [1].")
    assert QUOTED in text
    assert [chunk.choices[0].finish_reason for chunk in chunks if chunk.choices][-1] == "stop"
    assert chunks[-1].usage is not None


def test_openais_client_raises_what_went_wrong(app: App) -> None:
    with pytest.raises(openai.BadRequestError, match="must be the user's"):
        app.openai.chat.completions.create(model="dateline", messages=[{"role": "assistant", "content": "Hello"}])
    app.ollama.chat = error_in_mid_stream()
    with pytest.raises(openai.InternalServerError, match="Ollama"):
        app.openai.chat.completions.create(model="dateline", messages=[{"role": "user", "content": QUESTION}])


def test_another_sites_page_is_refused(app: App) -> None:
    asked = {"json": {"question": QUESTION}, "headers": {"Origin": "https://example.org"}}
    assert app.http.post("/api/ask", **asked).status_code == 403  # type: ignore[arg-type]


@pytest.mark.parametrize(("host", "status"), [("example.org", 400), ("localhost:1", 200), ("[::1]:1", 400)])
def test_only_the_apps_own_names_are_served(app: App, host: str, status: int) -> None:
    assert app.http.get("/api/search?q=Homs", headers={"Host": host}).status_code == status


def test_an_mcp_client_asks_searches_and_reads(app: App) -> None:
    async def use() -> tuple[list[str], Any, Any, Any]:
        async with Client(f"{app.url}/mcp") as client:
            tools = (await client.list_tools()).tools
            answer = await client.call_tool("ask", {"question": QUESTION})
            found = await client.call_tool("search", {"query": "Homs", "k": 1})
            cited = answer.structured_content["citations"][0]
            article = await client.call_tool("article", {"id": cited["article"]})
            return sorted(tool.name for tool in tools), cited, found.structured_content, article.structured_content

    names, cited, found, article = asyncio.run(use())
    assert names == ["article", "ask", "search"]
    assert article["text"][cited["start"] : cited["end"]] == cited["quote"]
    assert "Homs" in found["result"][0]["passage"]["text"]


def test_an_mcp_client_is_told_what_went_wrong(app: App) -> None:
    async def use() -> Any:
        async with Client(f"{app.url}/mcp") as client:
            return await client.call_tool("article", {"id": "none.txt"})

    told = asyncio.run(use())
    assert told.is_error
    assert "none.txt" in told.content[0].text


def test_the_browser_is_told_to_fetch_nothing_from_elsewhere(app: App) -> None:
    policy = app.http.get("/").headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy


def test_the_pane_says_markup_in_an_address_as_text(app: App) -> None:
    answer = app.http.get("/pane", params={"article": "<script>alert(1)</script>"})
    assert answer.status_code == 404
    assert "<script>" not in answer.text
    assert "&lt;script&gt;" in answer.text


def test_gradios_own_client_asks_searches_and_reads(app: App) -> None:
    client = gradio_client.Client(app.url, verbose=False, httpx_kwargs={"trust_env": False})
    answer = client.predict(question=QUESTION, api_name="/ask")
    (citation,) = answer["citations"]
    article = client.predict(citation["article"], api_name="/article")
    assert article["text"][citation["start"] : citation["end"]] == citation["quote"]
    assert client.predict("Homs", 3, api_name="/search")[0]["passage"]["article"]
    assert client.predict(QUESTION, until="2020-01-01", api_name="/ask")["abstained"]
    with pytest.raises(gradio_client.exceptions.AppError, match="question is empty"):
        client.predict(" ", api_name="/ask")


def test_gradios_client_sees_what_is_meant_for_it_and_nothing_else(app: App) -> None:
    client = gradio_client.Client(app.url, verbose=False, httpx_kwargs={"trust_env": False})
    assert set(client.view_api(return_format="dict")["named_endpoints"]) == {"/ask", "/search", "/article"}
