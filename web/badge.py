"""The engine as a reader sees it: what answers and how it is with that, fetching it, and changing it."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Annotated

from fastapi import APIRouter, Form
from fastapi.responses import HTMLResponse

from rag.engines import EngineChoice
from rag.errors import DatelineError
from web.engine_room import EngineRoom, State

_WORDS = {
    "fetching": "being fetched", "loading": "being loaded", "paused": "not fetched yet", "ready": "ready",
    "lost": "not there",
}  # fmt: skip


def routes(room: EngineRoom) -> APIRouter:
    """The badge, and what can be done about the engine; each answers with the badge as it is then."""
    router = APIRouter(prefix="/engine", default_response_class=HTMLResponse)

    @router.get("")
    def badge() -> str:
        return engine_html(room.state(), room.offers())

    @router.post("/prepare")
    def prepare() -> str:
        room.prepare()
        return badge()

    @router.post("/pause")
    def pause() -> str:
        room.pause()
        return badge()

    @router.post("/use", response_model=None)
    def use(engine: Annotated[str, Form()], model: Annotated[str, Form()]) -> HTMLResponse:
        try:
            room.use(engine, model)
        except DatelineError as error:
            return HTMLResponse(f'<p role="alert">{escape(str(error))}</p>{badge()}', status_code=409)
        return HTMLResponse(badge())

    return router


def engine_html(state: State, offers: Sequence[EngineChoice]) -> str:
    """The badge, and below it, folded away while all is well, the panel."""
    name = f"{escape(state.engine)} · {escape(state.model)}" if state.model else "no engine"
    told = _WORDS[state.phase]
    if state.phase == "fetching":
        told += f", {100 * state.done // state.total} %"
    wrong = " open" if state.phase != "ready" else ""
    return (
        f'<details class="engine {state.phase}"{wrong}><summary><span class="dot" aria-hidden="true"></span>'
        f'{name}<span class="phase">: {told}</span></summary>{_progress(state)}{_ways(state)}'
        f"{_choices(state, offers)}</details>"
    )


def _progress(state: State) -> str:
    if state.phase not in ("fetching", "loading"):
        return f'<p role="alert">{escape(state.trouble)}</p>' if state.phase == "lost" else ""
    if state.phase == "loading":
        return f"<p>{escape(state.trouble) or 'The model is being loaded: a few seconds.'}</p>"
    return (
        f"<p>The model is being fetched, once: {_megabytes(state.done)} of {_megabytes(state.total)} MB. What you ask "
        "now finds its passages at once, and is answered when the model is here.</p>"
        f'<progress max="{state.total}" value="{state.done}" aria-label="Fetching the model"></progress>'
    )


def _ways(state: State) -> str:
    way = {
        "fetching": _button("pause", "Pause"),
        "paused": "Fetching the model is paused; what has arrived is kept. " + _button("prepare", "Go on"),
        "lost": _button("prepare", "Try again"),
    }.get(state.phase, "")
    return f'<p class="ways">{way}</p>' if way else ""


def _choices(state: State, offers: Sequence[EngineChoice]) -> str:
    rows = "".join(_choice(one, (one.engine, one.model) == (state.engine, state.model)) for one in offers)
    return (
        f"<h2>What answers, for everybody here</h2><ul>{rows}</ul>"
        '<p class="about">More models: <code>ollama pull NAME</code>, or begin with <code>--model FILE.gguf</code>.</p>'
    )


def _choice(one: EngineChoice, current: bool) -> str:
    told = f"{one.engine} · {one.model}"
    size = f" ({_megabytes(one.to_fetch())} MB to fetch)" if one.to_fetch() else ""
    if current:
        return f'<li aria-current="true">{escape(told)}{size}</li>'
    return f"<li>{_button('use', told + size, engine=one.engine, model=one.model)}</li>"


def _button(act: str, text: str, **data: str) -> str:
    told = "".join(f' data-{name}="{escape(value)}"' for name, value in data.items())
    return f'<button type="button" data-engine-act="{act}"{told}>{escape(text)}</button>'


def _megabytes(size: int) -> str:
    return f"{size / 1e6:,.0f}"
