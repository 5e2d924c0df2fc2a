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
        return engine_html(room.state(), room.offers(), room.suggested())

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


def engine_html(state: State, offers: Sequence[EngineChoice], suggested: Sequence[EngineChoice] = ()) -> str:
    """The badge, and below it, folded away while all is well, the panel."""
    name = f"{escape(state.engine)} · {escape(state.model)}" if state.model else "no engine"
    told = _WORDS[state.phase]
    if state.phase == "fetching":
        told += f", {100 * state.done // state.total} %"
    if state.getting:
        told += f", another one {100 * state.done // max(state.total, 1)} % here"
    shown = " open" if state.phase != "ready" or state.trouble or state.getting else ""
    looks = f"engine {state.phase}{' getting' if state.getting else ''}"
    return (
        f'<details class="{looks}"{shown}><summary><span class="dot" aria-hidden="true"></span>'
        f'{name}<span class="phase">: {told}</span></summary>{_progress(state)}{_ways(state)}'
        f"{_choices(state, offers)}{_better(state, suggested)}</details>"
    )


def _progress(state: State) -> str:
    if state.phase == "loading":
        return f"<p>{escape(state.trouble) or 'The model is being loaded: a few seconds.'}</p>"
    wrong = f'<p role="alert">{escape(state.trouble)}</p>' if state.trouble and state.phase != "fetching" else ""
    if state.getting:
        what, then = escape(state.getting), f"Meanwhile {escape(state.model)} answers."
    elif state.phase == "fetching":
        what, then = "The model", "What you ask now finds its passages at once, and is answered when the model is here."
    else:
        return wrong
    return (
        f"{wrong}<p>{what} is being fetched, once: {_megabytes(state.done)} of {_megabytes(state.total)} MB. {then}</p>"
        f'<progress max="{max(state.total, 1)}" value="{state.done}" aria-label="Fetching the model"></progress>'
    )


def _ways(state: State) -> str:
    way = {
        "fetching": _button("pause", "Pause"),
        "paused": "Fetching the model is paused; what has arrived is kept. " + _button("prepare", "Go on"),
        "lost": _button("prepare", "Try again"),
    }.get("fetching" if state.getting else state.phase, "")
    return f'<p class="ways">{way}</p>' if way else ""


def _choices(state: State, offers: Sequence[EngineChoice]) -> str:
    rows = "".join(_choice(one, (one.engine, one.model) == (state.engine, state.model)) for one in offers)
    return (
        f"<h2>What answers, for everybody here</h2><ul>{rows}</ul>"
        '<p class="about">More models: <code>ollama pull NAME</code>, or begin with <code>--model FILE.gguf</code> or '
        "<code>--model hf:OWNER/REPO/FILE.gguf</code>.</p>"
    )


def _better(state: State, suggested: Sequence[EngineChoice]) -> str:
    """What would write better, with a button that fetches it."""
    rows = "".join(_suggestion(one) for one in suggested if one.model != state.getting)
    return f"<h2>Would write better; slower, and not measured here</h2><ul>{rows}</ul>" if rows else ""


def _suggestion(one: EngineChoice) -> str:
    name, left = one.writer.name if one.writer else one.model, one.to_fetch()
    begun = one.writer and left < one.writer.size
    told = f"{'Go on getting' if begun else 'Get'} {name} ({_megabytes(left)} MB to fetch, licence {one.licence})"
    return f"<li>{_button('use', told, **_named(one))}</li>"


def _choice(one: EngineChoice, current: bool) -> str:
    told = f"{one.engine} · {one.model}"
    size = f" ({_megabytes(one.to_fetch())} MB to fetch)" if one.to_fetch() else ""
    if current:
        return f'<li aria-current="true">{escape(told)}{size}</li>'
    return f"<li>{_button('use', told + size, **_named(one))}</li>"


def _named(one: EngineChoice) -> dict[str, str]:
    return {"engine": one.engine, "model": one.model}


def _button(act: str, text: str, **data: str) -> str:
    told = "".join(f' data-{name}="{escape(value)}"' for name, value in data.items())
    return f'<button type="button" data-engine-act="{act}"{told}>{escape(text)}</button>'


def _megabytes(size: int) -> str:
    return f"{size / 1e6:,.0f}"
