"""Mail and what is kept in mail's form: .eml, .mbox and saved pages (.mht, .mhtml), by the standard library."""

from __future__ import annotations

import email
import mailbox
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from email import errors, policy
from email.message import EmailMessage, MIMEPart
from email.utils import parseaddr
from pathlib import Path

from index.dates import parse_date
from index.decode import Unreadable, decode, one_at_most, read_bytes
from index.formats import Extract, Found, unended, web_address, word
from index.webpage import extract_html

MAX_MAIL_BYTES = 100_000_000
_CUT = (errors.StartBoundaryNotFoundDefect, errors.CloseBoundaryNotFoundDefect, errors.InvalidBase64LengthDefect)


def read_eml(path: Path) -> list[Found]:
    """One message; each of its attachments is told as not read."""
    return list(_message(_parse(read_bytes(path, MAX_MAIL_BYTES, _too_large())), ""))


def read_mbox(path: Path) -> list[Found]:
    """The messages of a mailbox, numbered from 0."""
    if path.stat().st_size == 0:
        raise Unreadable("empty")
    with path.open("rb") as file:
        if not file.read(5).startswith(b"From "):
            raise Unreadable("damaged, or not an mbox mailbox: it does not begin with a line “From …”")
    found: list[Found] = []
    with closing(mailbox.mbox(path, create=False)) as box:
        for number, key in enumerate(box.keys()):
            with box.get_file(key) as part:
                data = part.read(MAX_MAIL_BYTES + 1)
            try:
                with one_at_most():
                    if len(data) > MAX_MAIL_BYTES:
                        raise _too_large()
                    found += _message(_parse(data), f"#{number}")
            except Unreadable as trouble:
                found.append((f"#{number}", trouble))
    return found


def read_mhtml(path: Path) -> list[Found]:
    """The page of a web archive. Its Date is the day on which it was saved, and dates nothing in it."""
    message = _parse(read_bytes(path, MAX_MAIL_BYTES, _too_large()))
    page = next((part for part in message.walk() if part.get_content_type() == "text/html"), None)
    if page is None:
        raise Unreadable("damaged, or not a saved page: there is no HTML in it")
    found = extract_html(_payload(page), page.get_content_charset())
    address = web_address(_header(message, "Snapshot-Content-Location")) or web_address(
        _header(page, "Content-Location")
    )
    return [("", _with(found, title=_header(message, "Subject"), url=address)), *_cut(message, "")]


def _message(message: EmailMessage, mark: str) -> Iterator[Found]:
    """The article of a message and, as unread, its attachments."""
    if not message.keys():
        raise Unreadable("damaged, or not a mail: it has no headers")
    body = message.get_body(preferencelist=("plain", "html"))
    name, address = parseaddr(_header(message, "From") or "")
    if body is None:
        raise Unreadable("there is no text in this mail")
    if body.get_content_subtype() == "html":
        text = extract_html(_payload(body), body.get_content_charset()).text
    else:
        text = decode(_payload(body), body.get_content_charset()) if _payload(body).strip() else ""
    yield (
        mark,
        Extract(
            text,
            title=_header(message, "Subject"),
            date=parse_date(_header(message, "Date")),
            source=_header(message, "Organization") or _header(message, "Organisation") or word(name) or word(address),
            author=word(name),
        ),
    )
    for number, part in enumerate(message.iter_attachments(), 1):
        if part.get_content_maintype() != "image":
            name = word(part.get_filename()) or str(number)
            yield f"{mark}#{name}", Unreadable("an attachment is not read: save it in the folder")
    yield from _cut(message, mark)


def _cut(message: EmailMessage, mark: str) -> Iterator[Found]:
    """What the parser noticed of parts without an end."""
    if any(isinstance(defect, _CUT) for part in message.walk() for defect in part.defects):
        yield mark, unended("its parts have no end")


def _parse(data: bytes) -> EmailMessage:
    return email.message_from_bytes(data, policy=policy.default)


def _header(message: EmailMessage, name: str) -> str | None:
    """A header in one line; None for one that is missing or beyond repair."""
    try:
        return word(str(message.get(name, "")))
    except Exception:  # the parser of headers fails on some that no program should have written
        return None


def _payload(part: MIMEPart) -> bytes:
    data = part.get_payload(decode=True)
    return data if isinstance(data, bytes) else b""


def _with(found: Extract, *, title: str | None, url: str | None) -> Extract:
    """`found`, with a title and address for those that it lacks."""
    return replace(found, title=found.title or title, url=found.url or url)


def _too_large() -> Unreadable:
    return Unreadable(f"larger than {MAX_MAIL_BYTES // 1_000_000} MB: split it")
