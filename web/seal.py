"""What every answer tells the browser: to fetch nothing from elsewhere, to tell nothing there, and to keep nothing."""

from __future__ import annotations

from starlette.types import Message, Send

# Gradio writes scripts and styles into its page and compiles templates there
_POLICY = (
    "default-src 'self' data: blob:; script-src 'self' 'unsafe-inline' 'unsafe-eval'; "
    "style-src 'self' 'unsafe-inline'; object-src 'none'; "
    "frame-ancestors 'none'; form-action 'self'; base-uri 'self'"
)
HEADERS = {
    "content-security-policy": _POLICY,
    "x-content-type-options": "nosniff",
    # not no-referrer: with that, browsers send the page's own forms under the Origin "null"
    "referrer-policy": "same-origin",
    "cache-control": "no-store",
}
_ASSETS = ("/page/", "/assets/", "/static/", "/theme.css", "/favicon.ico")
"""How the addresses begin of what is nobody's own, and may be kept."""


def sealed(send: Send, path: str) -> Send:
    """`send` for the answer to a request for `path`."""

    async def answer(message: Message) -> None:
        if message["type"] == "http.response.start":
            kept = message["status"] in (200, 206, 304) and path.startswith(_ASSETS)
            told = {name: value for name, value in HEADERS.items() if not (kept and name == "cache-control")}
            before = [(name, value) for name, value in message.get("headers", []) if name.lower().decode() not in told]
            message["headers"] = [*before, *((name.encode(), value.encode()) for name, value in told.items())]
        await send(message)

    return answer
