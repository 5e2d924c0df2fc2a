"""HTML of what a reader sees: turns of a conversation, quotes, an article with its quotes marked.

Every character that came from a person, a model or an article is escaped here; nothing is Markdown.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from html import escape
from typing import Any
from urllib.parse import urlencode, urlsplit

from index.types import Article, Hit, Span
from rag.days import spell
from rag.excerpt import excerpt
from rag.export import NAMES
from rag.types import AnswerSentence
from rag.wording import about, ago, in_words, origin
from web.conversations import STOPPED, UNFINISHED, Conversation, Turn

RELATED = 3
"""So many passages are shown below a refusal, and while the model reads."""
_EXCERPT = 320
_MANY = 4
_BOUNDS = (("since", "from"), ("until", "until"))
_UNCHECKED = '<p class="notes">Nothing of this was checked.</p>'


def conversation_html(id: str, turns: Sequence[Turn]) -> str:
    """All turns of the conversation `id`, and the ways to take it away."""
    forms = " · ".join(f'<a href="export/{id}.{form}" download>{name}</a>' for form, name in NAMES.items())
    export = f'<p class="export">Export: {forms}</p>' if turns else ""
    return f'<div data-conversation="{id}">{"".join(map(turn_html, turns))}{export}</div>'


def turn_html(turn: Turn) -> str:
    """A question with its answer, refusal or trouble, and what can be done with it."""
    if turn.answer is None:
        body = _trouble(turn)
    elif turn.answer["abstained"]:
        body = _refusal(turn.id, turn.answer)
    else:
        body = _answer(turn.id, turn.answer)
    return (
        f'<article class="turn" id="turn-{turn.id}" data-turn="{turn.id}">{_question(turn.question)}'
        f"{narrowed_html(turn.narrowed)}{body}{_actions(turn)}</article>"
    )


def narrowed_html(narrowed: Mapping[str, Any], *, removable: bool = False) -> str:
    """A chip for each thing that the articles are narrowed by; `removable` ones can be clicked away."""
    told = [(name, f"{word} {in_words(narrowed[name])}") for name, word in _BOUNDS if narrowed.get(name)]
    told += [(name, f"{name} {narrowed[name]}") for name in ("source", "author") if narrowed.get(name)]
    told += [("length", f"{narrowed['length']} answer")] if narrowed.get("length") else []
    told += [("exclude", f"without {id}") for id in narrowed.get("exclude", ())]
    if removable:
        chips = "".join(
            f'<button type="button" data-act="widen" data-id="{escape(name)}" data-text="{escape(text)}" '
            f'aria-label="Remove: {escape(text)}">{escape(text)} ✕</button>'
            for name, text in told
        )
    else:
        chips = "".join(f"<span>{escape(text)}</span>" for _, text in told)
    return f'<p class="narrowed">{chips}</p>' if told else ""


def empty_html(articles: int, first: date | None, last: date | None, read: str, examples: Sequence[str]) -> str:
    """What a new conversation shows: what can be asked about, and questions to begin with. `read` is of `read_html`."""
    span = ""
    if first and last:
        span = f", of {spell(first)}" if first == last else f", from {spell(first)} to {spell(last)}"
    buttons = "".join(
        f'<button type="button" data-act="ask" data-text="{escape(e)}">{escape(e)}</button>' for e in examples
    )
    return (
        f'<div class="empty"><h2>Ask {_counted(articles, "article")}{span}</h2><p>{read}</p>'
        "<p>Every sentence of an answer stands on quotes that you can open. "
        f'What the articles do not say, it does not say.</p><div class="examples">{buttons}</div></div>'
    )


def read_html(at: datetime | None, now: datetime) -> str:
    """How long ago the folder was read; the page's script has it told anew. Nothing to be seen if nobody knows."""
    if at is None:
        return '<time class="read"></time>'
    return f'<time class="read" datetime="{at.isoformat()}">read {ago(at, now)}</time>'


def heading_html(badge: str, user: str | None) -> str:
    """The page's name beside what answers, `badge` being HTML of `web.badge`; and the way out for who logged in."""
    out = f'<form method="post" action="logout"><button>Log out {escape(user)}</button></form>' if user else ""
    return f'<h1>Dateline</h1><div id="engine">{badge}</div>{out}'


def trouble_html(sentence: str) -> str:
    """What is wrong, where otherwise the questions would be."""
    return f'<div class="empty" role="alert">{escape(sentence)}</div>'


def live_html(
    question: str, hits: Sequence[Hit], status: str, checked: Iterable[tuple[AnswerSentence | None, str]], rest: str
) -> str:
    """The turn that is being answered: the passages found, what was checked as it will stay, the rest in grey.

    `checked` holds the kept sentences, and for withheld ones None and the reason. `rest` is the draft after them.
    """
    done = list(checked)
    words = "".join(
        f'<span class="kept">{escape(kept.text)} </span>'
        if kept
        else f'<span class="held">withheld: {escape(why)}</span> '
        for kept, why in done
    )
    grey = f'<span class="draft">{escape(rest)}</span>' if rest else ""
    found = "".join(f"<li>{_passage(hit.to_dict())}</li>" for hit in hits[:RELATED])
    reading = f'<ul class="found" aria-label="Found in the articles">{found}</ul>' if found and not done else ""
    return (
        f'<article class="turn live">{_question(question)}'
        f'<p class="status">{escape(status)}</p><p class="words">{words}{grey}</p>{reading}</article>'
    )


def listed_html(conversations: Sequence[Conversation], here: str) -> str:
    """The list of conversations; `here` is the open one."""
    if not conversations:
        return '<p class="none">No conversations yet.</p>'
    every = '<p class="every"><button type="button" data-act="delete-all">Delete all my conversations</button></p>'
    return f'<ul class="conversations">{"".join(_listed(one, one.id == here) for one in conversations)}</ul>{every}'


def _listed(one: Conversation, open: bool) -> str:
    title, current = escape(one.title or "New conversation"), ' aria-current="true"' if open else ""
    buttons = "".join(
        f'<button type="button" data-act="{act}" data-id="{one.id}" title="{label}" aria-label="{label}: {title}">'
        f"{sign}</button>"
        for act, label, sign in (("rename", "Rename", "✎"), ("delete", "Delete", "✕"))
    )
    return (
        f'<li{current}><button type="button" class="title" data-act="open" data-id="{one.id}">{title}</button>'
        f"<time>{one.changed.day} {one.changed:%b}</time>{buttons}</li>"
    )


def pane_html(article: Article, here: Span | None, others: Sequence[Span], carriers: str) -> str:
    """An article for the side pane, the span `here` marked strongly and `others` lightly.

    The text of each mark is the article's characters from its start up to its end. `carriers` is HTML of this module.
    """
    told = filter(None, [in_words(article.date), article.source, article.author, article.id])
    link = ""
    if article.url and urlsplit(article.url).scheme in ("http", "https"):
        link = f' · <a href="{escape(article.url)}" rel="noopener noreferrer" target="_blank">original</a>'
    return (
        f'<h2 tabindex="-1">{escape(article.title)}</h2><p class="about">{escape(" · ".join(told))}{link}</p>'
        f'{carriers}<div class="text">{_marked(article.text, here, others)}</div>'
    )


def carriers_html(turn: int, number: int, carriers: Sequence[str], shown: str) -> str:
    """The articles that carry the words, with a way to each; nothing where that is only one."""
    if not (told := origin(carriers)):
        return ""
    ways = "".join(
        f"<li>{_pane_button(escape(carrier), 'carrier', turn=turn, number=number, carrier=carrier)}</li>"
        if carrier != shown
        else f'<li aria-current="true">{escape(carrier)}</li>'
        for carrier in carriers
    )
    return f'<div class="origin">{told}: copies are not confirmations<ul>{ways}</ul></div>'


def _question(question: str) -> str:
    return f'<h2 class="question">{escape(question)}</h2>'


def _answer(turn: int, answer: dict[str, Any]) -> str:
    differ = any(note.startswith("the articles differ") for note in answer["notes"])
    text = _sides(turn, answer) if differ else _paragraphs(turn, answer)
    return f'<div class="answer">{text}{_quotes(turn, answer)}{_beside(answer)}</div>'


def _refusal(turn: int, answer: dict[str, Any]) -> str:
    cited = {(citation["article"], citation["start"]) for citation in answer["citations"]}
    related = "".join(
        f"<li>{_passage(hit)} {_pane_button('open', 'way', turn=turn, hit=number)}</li>"
        for number, hit in enumerate(answer["hits"][:RELATED])
        if (hit["passage"]["article"], hit["passage"]["start"]) not in cited
    )
    nearest = (
        f'<div class="related"><h3>Related, not an answer</h3><ul class="found">{related}</ul></div>' if related else ""
    )
    return (
        f'<div class="answer refusal"><h3>Not in the articles</h3>{_paragraphs(turn, answer)}{_quotes(turn, answer)}'
        f"{nearest}{_beside(answer)}</div>"
    )


def _trouble(turn: Turn) -> str:
    draft = f'<p class="words"><span class="draft">{escape(turn.draft)} …</span></p>{_UNCHECKED}' if turn.draft else ""
    told, way = turn.trouble or "", ""
    if told not in (STOPPED, UNFINISHED):
        way = '<p class="ways"><button type="button" data-engine-act="show">What answers here</button></p>'
    return f'<div class="answer trouble">{draft}<p role="alert">{escape(told)}</p>{way}</div>'


def _paragraphs(turn: int, answer: dict[str, Any]) -> str:
    return "".join(_paragraph(turn, part, answer) for part in answer["text"].split("\n\n") if part.strip())


def _paragraph(turn: int, text: str, answer: dict[str, Any]) -> str:
    """A paragraph, or a list where each line begins with a dash."""
    lines = text.split("\n")
    if not all(line.startswith("- ") for line in lines):
        return f"<p>{_chipped(turn, text, answer)}</p>"
    return f'<ul class="items">{"".join(f"<li>{_chipped(turn, line[2:], answer)}</li>" for line in lines)}</ul>'


def _sides(turn: int, answer: dict[str, Any]) -> str:
    """Answers that differ, side by side, each with the day and title of what it stands on."""
    cards = ""
    for sentence in answer["sentences"]:
        cited = [citation for citation in answer["citations"] if citation["number"] in sentence["citations"]]
        chips = "".join(_chip(turn, citation) for citation in cited)
        of = " · ".join([in_words(cited[0]["date"]), cited[0]["title"]]) if cited else ""
        cards += f'<li><p>{escape(sentence["text"])} {chips}</p><p class="about">{escape(of)}</p></li>'
    return f'<p class="differ">The articles differ:</p><ul class="sides">{cards}</ul>'


def _chipped(turn: int, text: str, answer: dict[str, Any]) -> str:
    """`text` with a chip for each [n] of a citation."""
    by_number = {str(citation["number"]): citation for citation in answer["citations"]}
    parts = re.split(r" ?\[(\d+)\]", text)
    shown = escape(parts[0])
    for number, after in zip(parts[1::2], parts[2::2], strict=True):
        shown += (_chip(turn, by_number[number]) if number in by_number else f" [{number}]") + escape(after)
    return shown


def _chip(turn: int, citation: dict[str, Any]) -> str:
    number = citation["number"]
    return _pane_button(
        str(number),
        "chip",
        f' aria-label="Quote {number}" aria-describedby="quote-{turn}-{number}"',
        turn=turn,
        number=number,
    )


def _pane_button(text: str, kind: str, attributes: str = "", **where: Any) -> str:
    return f'<button type="button" class="{kind}" data-pane="{escape(urlencode(where))}"{attributes}>{text}</button>'


def _quotes(turn: int, answer: dict[str, Any]) -> str:
    """Every quote with where it stands; folded away where they are many, since the text is made of them then."""
    quotes = "".join(_quote(turn, citation) for citation in answer["citations"])
    listed = f'<ol class="quotes">{quotes}</ol>' if quotes else ""
    if (count := len(answer["citations"])) <= _MANY:
        return listed
    return f'<details class="held"><summary>{_counted(count, "quote")}</summary>{listed}</details>'


def _quote(turn: int, citation: dict[str, Any]) -> str:
    number, copies = citation["number"], origin(citation["carriers"])
    words = " ".join(citation["quote"].split())
    told = about({**citation, "title": _title(citation["title"], words)})
    copied = f' <span class="origin">{copies}</span>' if copies else ""
    return (
        f'<li id="quote-{turn}-{number}" value="{number}"><blockquote>{escape(words)}</blockquote>'
        f'<span class="about">{escape(" · ".join(told))}</span>{copied}</li>'
    )


def _passage(hit: dict[str, Any]) -> str:
    passage = hit["passage"]
    pieces = excerpt(passage["text"], hit.get("marks", ()), _EXCERPT)
    shown = "".join(f"<mark>{escape(piece)}</mark>" if marked else escape(piece) for piece, marked in pieces)
    words = " ".join(passage["text"].split())
    where = " · ".join(filter(None, [in_words(passage["date"]), _title(passage["title"], words)]))
    return f'<blockquote>{shown}</blockquote><span class="about">{escape(where)}</span>'


def _beside(answer: dict[str, Any]) -> str:
    """What was withheld and why, the notes, and who wrote it."""
    held = "".join(f"<li><s>{escape(one['text'])}</s> {escape(one['reason'])}</li>" for one in answer["withheld"])
    count = len(answer["withheld"])
    withheld = (
        f'<details class="held"><summary>{_counted(count, "sentence")} withheld</summary><ul>{held}</ul></details>'
    )
    notes = "".join(f'<p class="notes">{escape(note)}</p>' for note in answer["notes"])
    total = answer["timings"]["total"] / 1000
    further = "".join(
        f'<button type="button" data-act="ask" data-text="{escape(one)}">{escape(one)}</button>'
        for one in answer.get("followups", ())
    )
    on = f'<div class="examples" role="group" aria-label="Ask further">{further}</div>' if further else ""
    by = f'<p class="by">{escape(answer["model"])}, {escape(answer["engine"])}, {total:.1f} s</p>'
    return f"{withheld if count else ''}{notes}{by}{on}"


def _actions(turn: Turn) -> str:
    acts = [("copy", "Copy", "Copy"), ("retry", "Ask again", "Again"), ("edit", "Edit the question", "Edit")]
    acts += [("undo", "Take back from here", "Undo")]
    if turn.answer is not None:
        acts += [("up", "Good answer", "Good"), ("down", "Bad answer", "Bad")]
    if turn.verdict:
        acts += [("comment", "Comment on the verdict", "Comment")]
    buttons = "".join(
        f'<button type="button" data-act="{act}" data-turn="{turn.id}" title="{label}" aria-label="{label}"'
        f"{_stands(turn, act)}>{sign}</button>"
        for act, label, sign in acts
    )
    return f'<div class="actions" role="group" aria-label="This answer">{buttons}</div>'


def _stands(turn: Turn, act: str) -> str:
    """What a button of the feedback shows of what was said so far."""
    if act == "comment":
        return f' data-text="{escape(turn.comment or "")}"'
    return f' aria-pressed="{str(turn.verdict == act).lower()}"' if act in ("up", "down") else ""


def _marked(text: str, here: Span | None, others: Sequence[Span]) -> str:
    """`text`, escaped, with its spans in <mark>; where spans overlap, `here` wins, then the earlier."""
    shown, at = "", 0
    for span in _apart(here, others):
        kind = 'id="here" tabindex="-1"' if span is here else 'class="other"'
        shown += f"{escape(text[at : span.start])}<mark {kind}>{escape(text[span.start : span.end])}</mark>"
        at = span.end
    return shown + escape(text[at:])


def _apart(here: Span | None, others: Sequence[Span]) -> list[Span]:
    kept = [here] if here else []
    for span in sorted(others, key=lambda span: span.start):
        if all(span.end <= known.start or known.end <= span.start for known in kept):
            kept.append(span)
    return sorted(kept, key=lambda span: span.start)


def _title(title: str, words: str) -> str:
    """`title`, or nothing where it only repeats how `words` begin: an article without a title is called by them."""
    return "" if words.startswith(title.rstrip(" ….")) else title


def _counted(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"
