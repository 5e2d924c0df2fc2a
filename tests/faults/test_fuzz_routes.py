"""Whatever is sent to the routes of ours, the answer is no fault of the server, and what is JSON is valid JSON.

What is sent is made from the app's own OpenAPI document, in part with values that do not fit it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from app_helpers import RIGHT, on_ollama, says, whole_app
from httpx import Response
from hypothesis import example, given
from hypothesis import strategies as st
from index_helpers import ROOT
from ollama_double import OllamaDouble
from starlette.testclient import TestClient

from faults.fuzzing import NEWS, examples, texts

pytestmark = pytest.mark.filterwarnings("error::RuntimeWarning")  # NumPy's, of what is no number

_LEFT_OUT = ("/engine", "/login", "/logout")  # they change what the other requests meet
_SLOW = ("/api/ask", "/v1/chat/completions")
_DAYS = st.one_of(st.dates(), st.sampled_from(["0001-01-01", "9999-12-31", "2024-12-05"])).map(str)
_STRINGS = st.one_of(st.sampled_from([*NEWS, "Hama", "000_cd28b6654e9fce99.txt"]), texts(most=6), st.text(max_size=20))
_NUMBERS = st.one_of(st.integers(-3, 12), st.integers(), st.sampled_from([2**31, 2**63, -(2**63) - 1, 10**30]))
_ODD = st.recursive(
    st.one_of(st.none(), st.booleans(), _NUMBERS, st.floats(), _STRINGS, st.sampled_from(["\ud800", "\0", ""])),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(_STRINGS, inner, max_size=3)),
    max_leaves=6,
)


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """The app over the seeds; what it does not handle is raised here."""
    home = tmp_path_factory.mktemp("data")
    with OllamaDouble(chat=says(RIGHT)) as ollama, on_ollama(home, ollama) as dateline:
        dateline.index(ROOT / "seeds")
        with TestClient(whole_app(dateline), base_url="http://127.0.0.1") as client:
            yield client


@pytest.fixture(scope="module")
def document(web: TestClient) -> dict[str, Any]:
    described: dict[str, Any] = web.get("/openapi.json").json()
    return described


def values(schema: dict[str, Any], document: dict[str, Any]) -> st.SearchStrategy[Any]:
    """What fits a schema."""
    if "$ref" in schema:
        return values(document["components"]["schemas"][schema["$ref"].rpartition("/")[2]], document)
    if "anyOf" in schema:
        return st.one_of([values(one, document) for one in schema["anyOf"]])
    if "enum" in schema or "const" in schema:
        return st.sampled_from(schema.get("enum") or [schema["const"]])
    match schema.get("type"):
        case "object":
            fields = {name: values(one, document) for name, one in schema.get("properties", {}).items()}
            needed = {name: fields.pop(name) for name in schema.get("required", ()) if name in fields}
            return st.fixed_dictionaries(needed, optional=fields)
        case "array":
            return st.lists(values(schema.get("items", {}), document), max_size=3)
        case "string":
            return _DAYS if schema.get("format") == "date" else _STRINGS
        case "integer":
            return _NUMBERS
        case "number":
            return st.floats()
        case "boolean":
            return st.booleans()
        case "null":
            return st.none()
    return _ODD


def routes(document: dict[str, Any], slow: bool) -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (method, path, about)
        for path, methods in document["paths"].items()
        for method, about in methods.items()
        if not path.startswith(_LEFT_OUT) and (path in _SLOW) == slow
    ]


def send(data: st.DataObject, web: TestClient, document: dict[str, Any], slow: bool) -> None:
    """A request of one of the routes, one value in ten of which does not fit."""
    method, path, about = data.draw(st.sampled_from(routes(document, slow)))
    asked = list[tuple[str, str]]()
    for parameter in about.get("parameters", ()):
        if not parameter["required"] and data.draw(st.booleans()):
            continue
        fits = data.draw(st.integers(0, 9)) > 0
        value = data.draw(values(parameter["schema"], document) if fits else _ODD)
        told = quote(str(value), safe="", errors="surrogatepass")
        if parameter["in"] == "path":
            path = path.replace(f"{{{parameter['name']}}}", told or "x")
        else:
            asked.append((parameter["name"], told))
    content = None
    if "requestBody" in about:
        schema = next(iter(about["requestBody"]["content"].values()))["schema"]
        body = data.draw(values(schema, document) if data.draw(st.integers(0, 9)) else _ODD)
        if isinstance(body, dict) and body and not data.draw(st.integers(0, 4)):
            body[data.draw(st.sampled_from(sorted(body)))] = data.draw(_ODD)
        content = json.dumps(body).encode()
        if not data.draw(st.integers(0, 9)):
            content = content[: data.draw(st.integers(0, len(content)))] + data.draw(st.binary(max_size=3))
    query = "&".join(f"{name}={value}" for name, value in asked)
    headers = {"content-type": "application/json", "accept": "application/json"}
    assert_no_fault(web.request(method, f"{path}?{query}", content=content, headers=headers))


def assert_no_fault(answer: Response) -> None:
    assert answer.status_code < 500, (answer.url, answer.text)
    assert "Traceback (most recent call last)" not in answer.text
    if answer.headers.get("content-type", "").startswith("application/json"):
        json.loads(answer.content, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))


@examples(2_500)
@given(st.data())
def test_any_request_is_answered(web: TestClient, document: dict[str, Any], data: st.DataObject) -> None:
    send(data, web, document, slow=False)


@pytest.mark.slow
@examples(150)
@given(st.data())
def test_any_question_is_answered(web: TestClient, document: dict[str, Any], data: st.DataObject) -> None:
    send(data, web, document, slow=True)


_CALL = "tools/call"
_METHODS = st.sampled_from([_CALL, "tools/list", "initialize", "ping", "resources/list", "x", ""])
_TOOLS = st.sampled_from(["search", "article", "timeline", "articles", "x"])
_NAMES = st.sampled_from(["query", "k", "since", "until", "as_of", "source", "topic", "id", "x"])


@examples(600)
@given(_METHODS, st.one_of(_ODD, st.fixed_dictionaries({"name": _TOOLS, "arguments": st.dictionaries(_NAMES, _ODD)})))
@example(_CALL, {"name": "search", "arguments": {"query": "Hama", "as_of": "0001-01-01"}})
@example(_CALL, {"name": "search", "arguments": {"query": "\ud800", "k": 10**30}})
def test_any_message_of_a_program_is_answered(web: TestClient, method: str, given: Any) -> None:
    message = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": given})
    headers = {"content-type": "application/json", "accept": "application/json, text/event-stream"}
    assert_no_fault(web.post("/mcp", content=message, headers=headers))


@pytest.mark.parametrize(
    "path",
    [
        "/api/search?q=Hama&as_of=0001-01-01",
        "/api/search?q=last+week&as_of=9999-12-31",
        "/api/timeline?topic=Hama&as_of=9999-12-31",
        "/api/timeline?topic=Hama&until=1999-12-31",
        "/pane?article=000_cd28b6654e9fce99.txt&start=-9&end=99999999999999999999",
    ],
)
def test_a_request_that_once_was_a_fault_is_answered(web: TestClient, path: str) -> None:
    assert_no_fault(web.get(path))
