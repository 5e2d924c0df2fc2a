"""The Gradio app: a chat over `Assistant.stream()`, with the quotes of each answer below it."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from rag.errors import DatelineError, EngineError
from rag.types import Answer, AnswerDone, Citation, EvidenceFound, SentenceChecked, TextDelta

if TYPE_CHECKING:
    import gradio as gr

    from rag.assistant import Assistant

EXAMPLES = [
    "Who heads the Syrian Observatory for Human Rights?",
    "How far is Hama from Damascus?",
    "On what date did the Syrian army withdraw from Hama?",
    "Where did Bashar al-Assad flee to?",
]
_EVERY = 8  # pieces of the draft between two updates: Gradio resends the whole message each time


def serve(assistant: Assistant, host: str = "127.0.0.1", port: int | None = None) -> None:
    """Opens the app and blocks until it is stopped. Raises SettingsError if the port is taken."""
    from rag.errors import SettingsError

    try:
        build(assistant).queue(default_concurrency_limit=2).launch(
            server_name=host, server_port=port, show_error=True, ssr_mode=False, footer_links=["settings"]
        )
    except OSError as error:
        where = f"port {port}" if port else "any port from 7860 to 7959"
        raise SettingsError(f"Cannot listen on {host}, {where}: {error}. Choose another with --port.") from error


def build(assistant: Assistant) -> gr.Blocks:
    """The app, not yet serving."""
    import gradio as gr

    def respond(message: str, history: list[dict[str, Any]]) -> Iterator[str]:
        yield from replies(assistant, message, history)

    app: gr.Blocks
    with gr.Blocks(title="Dateline", analytics_enabled=False, fill_height=True) as app:
        gr.ChatInterface(
            respond,
            chatbot=gr.Chatbot(show_label=False, scale=1, height="75vh", buttons=["copy"], latex_delimiters=[]),
            title="Dateline",
            description=_description(assistant),
            examples=EXAMPLES,
            cache_examples=False,
            api_name="ask",
        )
    return app


def replies(assistant: Assistant, message: str, history: Sequence[dict[str, Any]]) -> Iterator[str]:
    """The growing text of one reply, as Markdown: first the draft, marked as one, then the checked answer."""
    draft, pieces = "", 0
    try:
        for event in assistant.stream(message, _plain(history)):
            match event:
                case EvidenceFound(hits):
                    yield f"*Reading {len(hits)} passages …*"
                case TextDelta(text):
                    draft, pieces = draft + text, pieces + 1
                    if pieces % _EVERY == 1:
                        yield f"*Draft, not checked yet:* {_literal(draft)} …"
                case SentenceChecked():
                    yield f"*Checking:* {_literal(draft)} …"
                case AnswerDone(answer):
                    yield as_markdown(answer)
    except EngineError as error:
        if not error.partial:
            yield f"**{_literal(str(error))}**"
            return
        yield f"{_literal(error.partial)} …\n\n*[interrupted here; nothing of this was checked]*\n\n**{error}**"
    except DatelineError as error:
        yield f"**{_literal(str(error))}**"


def as_markdown(answer: Answer) -> str:
    """The answer, its quotes with their articles, what was withheld, and who wrote it."""
    parts = [_literal(answer.text)]
    parts += [_quote(citation) for citation in answer.citations]
    if answer.abstained and answer.hits:
        nearest = "\n".join(
            f"- *{_literal(hit.passage.title)}* ({hit.passage.date or 'no date'}): "
            f"{_literal(' '.join(hit.passage.text.split())[:200])} …"
            for hit in answer.hits[:3]
        )
        parts.append(f"<details><summary>Related, not an answer</summary>\n\n{nearest}\n\n</details>")
    if answer.withheld:
        count = len(answer.withheld)
        parts.append(
            f"*{count} sentence{'s' if count > 1 else ''} of the draft withheld: {answer.withheld[0].reason}.*"
        )
    parts += [f"*{_literal(note)}.*" for note in answer.notes]
    parts.append(f"<sub>{_literal(answer.model)}, {answer.engine}, {answer.timings.total / 1000:.1f} s</sub>")
    return "\n\n".join(parts)


def _quote(citation: Citation) -> str:
    page = f", page {citation.page}" if citation.page else ""
    copies = len(citation.carriers) - 1
    also = f"; {copies + 1} articles, one origin" if copies else ""
    words = _literal(" ".join(citation.quote.split()))
    quote = words if words.startswith(("“", '"')) else f"“{words}”"
    return (
        f"> **[{citation.number}]** {quote}\n>\n"
        f"> *{_literal(citation.title)}*, {citation.date or 'no date'}, {_literal(citation.article)}{page}{also}"
    )


def _description(assistant: Assistant) -> str:
    try:
        counts = assistant.articles.counts()
    except DatelineError as error:
        return str(error)
    return f"Answers from {counts.articles} articles, with the exact words. What they do not say, it does not say."


def _plain(history: Sequence[dict[str, Any]]) -> list[Any]:
    """Gradio's messages as the assistant takes them: role and text only."""
    turns = []
    for turn in history:
        content = turn.get("content")
        if isinstance(content, list):
            content = " ".join(part.get("text", "") for part in content if isinstance(part, dict))
        if turn.get("role") in ("user", "assistant") and isinstance(content, str):
            turns.append({"role": turn["role"], "content": _spoken(content)})
    return turns


def _literal(text: str) -> str:
    """`text` so that Markdown shows its very characters."""
    return re.sub(r"([\\`*_\[\]#|~$])", r"\\\1", html.escape(text, quote=False))


def _spoken(reply: str) -> str:
    """The answer's own words out of `as_markdown`: its first paragraph."""
    return html.unescape(re.sub(r"\\(.)", r"\1", reply.split("\n\n")[0]))
