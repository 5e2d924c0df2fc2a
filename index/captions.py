"""Photo captions in the running text, and the credits that give them away.

The corpus's own form keeps captions as paragraphs among the others: "Smoke over Hama (Omar Albam/AP)",
"Smoke over Hama. Credit: AP". A paragraph is taken for a caption if it is short and *ends* in something with the
form of a photo credit. A bare "(AP)" is none: wire copy signs and datelines that way. Doubt means prose,
because prose taken for a caption would lose its neighbours, while a caption taken for prose only reads oddly.
"""

from __future__ import annotations

import re

from index.split import paragraphs
from index.types import Span

_MAX_CAPTION = 400

_DATE_LINE = re.compile(r"\s*date\s+\d{4}-\d{2}-\d{2}(?=\s)")

# agencies that write as well as photograph: their bare name proves nothing
_WIRES = (
    r"(?:The )?(?:Associated|Canadian) Press|Press Association|AP|Reuters|REUTERS|AFP|Agence France-Presse|EPA|EFE|PA|"
    r"PA Media|dpa|DPA|Xinhua|TASS|Tass|Sputnik|RIA(?: Novosti)?|Interfax|Anadolu(?: Agency)?|AA|Bloomberg|UPI|ANSA|"
    r"Kyodo(?: News)?|Yonhap|CP|AAP|PTI|ANI|IANS|Keystone|TT|NTB|Ritzau|Lehtikuva|Belga|ANP|APA|CTK|MTI|PAP|Lusa|"
    r"LUSA|Ukrinform|SANA|IRNA|ISNA|Tasnim|Fars|WAFA|KCNA|Al Jazeera|CNN|BBC|NPR|CBC|ABC|NBC|CBS|ITV(?: News)?|"
    r"Sky News|CCTV|NASA|NOAA|USGS|ESA|UN|UNICEF|UNHCR|WFP"
)
# names that stand under pictures only
_PICTURES = (
    r"Getty Images|GETTY IMAGES|Shutterstock|Alamy(?: Stock Photo| Live News)?|iStock(?:photo)?|NurPhoto|EPA-EFE|"
    r"(?:AP|AFP|Reuters|REUTERS|EPA|UN|dpa|PTI|ANI) (?:Photos?|File Photo|PHOTO|Images)|PA (?:Wire|Images|Archive)|"
    r"Picture[ -]?Alliance|picture[ -]alliance|ZUMA(?: Press|PRESS)?(?: Wire)?|Rex Features|LaPresse|Imago Images|"
    r"Magnum Photos|SIPA(?: USA)?|Sipa(?: USA)?|Abacapress|SOPA Images|LightRocket|WireImage|FilmMagic|"
    r"Hulton Archive|Panos Pictures|Maxar Technologies|Planet Labs(?: PBC)?|Wikimedia(?: Commons)?|Unsplash|Pexels|"
    r"Pixabay|Adobe Stock|Depositphotos|Action Images|Pool Photo"
)
# what is one only beside a name: "(Omar Albam/Pool)"
_PARTNERS = (
    r"Getty|GETTY|Zuma(?: Press)?|Rex|IMAGO|Imago|Magnum|Abaca|Corbis|Redux|Polaris|VII|Panos|Maxar|Flickr|"
    r"Pool|POOL|Handout|HANDOUT|File|FILE|Stringer|STRINGER|Supplied"
)
_PICTURE_SOURCE = re.compile(rf"(?:{_PICTURES})")
_PHOTO_WORD = re.compile(rf"(?:{_PICTURES}|{_PARTNERS})")
_SOURCE = re.compile(rf"(?:{_PICTURES}|{_PARTNERS}|{_WIRES})")

_UPPER = r"(?![a-z\d_])\w"  # also the capitals, and all letters, of other alphabets
_WORD = rf"(?:{_UPPER}[\w.’'&-]*|@[\w.]+|&|de|del|da|dos|di|la|le|al|el|von|van|der|den|bin|ibn|of|the|for|and|by)"
_NAME = re.compile(rf"(?=\W?{_UPPER}|@){_WORD}(?:\s+{_WORD}){{0,6}}(?:\s+\([\w\s/.-]+\))?")

_LABEL = (
    r"(?:(?:(?:File )?(?:Photo(?:graph)?s?|Pictures?|Pic|Images?|Illustration|Graphic) )?[Cc]redits?|CREDIT|"
    r"(?:File )?[Pp]hoto(?:graph)?s?|PHOTOS?|Pictures?|PICTURE|Pic|Images?|IMAGE|Illustration|Graphic|File|FILE|"
    r"Fotos?|Bild|Crédits?(?: photo)?|Фото|Fotografía|صورة)"
)
_LABELLED = re.compile(
    rf"(?:^|[\s(\[])(?=[^a-z])(?P<credit>(?:[|–—•·-]\s*)?{_LABEL}"
    r"(?:\s?:|\s?\.\.\.|\s?…|\s+by\s|\s+courtesy of\s)\s*(?P<who>[^:]{2,100}))$"
)
_COPYRIGHT = re.compile(
    r"(?:^|\s)(?P<credit>(?:[|–—-]\s*)?(?:©|\(c\)|Copyright\b:?)\s*(?:\d{4},?\s*)?(?P<who>.{2,80}))$"
)
_BRACKETS = re.compile(r"\((?P<round>[^()]{2,120})\)$|\[(?P<square>[^\[\]]{2,120})\]$")
_BRACKET_LABEL = re.compile(rf"(?=[^a-z]){_LABEL}(?:\s?:|\s+by\b|\s+courtesy of\b|\s+via\b)\s*")

_PLAIN_WORD = rf"(?:{_UPPER}\.|{_UPPER}[\w’'-]+)"  # without a full stop, so that a name begins after one
_BARE = re.compile(
    rf"(?<!\S)(?P<credit>(?:{_SOURCE.pattern})\s?/\s?{_PLAIN_WORD}(?:\s{_PLAIN_WORD}){{1,2}}|"
    rf"{_PLAIN_WORD}(?:\s{_PLAIN_WORD}){{0,3}}"
    # atomic: "AP" is a source and a plain word too, and each more would double the ways through "AP/AP/AP/…"
    rf"(?>(?:\s?/\s?(?:{_SOURCE.pattern}|{_PLAIN_WORD}(?:\s{_PLAIN_WORD})?)(?=\s?/))*)\s?/\s?(?:{_SOURCE.pattern})"
    rf"(?:\s+via\s+(?:{_SOURCE.pattern}))?|(?:{_SOURCE.pattern})\s+via\s+(?:{_PICTURES}))$"
)
_JOINTS = re.compile(r"\s*/\s*|\s+via\s+|\s*,\s+|\s*\|\s*|\s+[–—-]\s+|\s*;\s*")

_BBC_SOURCE = re.compile(r"Image source, (?P<who>.{2,80})$")
_BBC_CAPTION = re.compile(r"(?:Image|Media) caption,\s+")


def find_captions(text: str) -> tuple[tuple[Span, ...], tuple[Span, ...]]:
    """Finds the photo captions of an article.

    Returns the spans of the captions without their credits, and the spans of the credits, both in the order of
    the text. A paragraph that is nothing but a credit gives a credit alone. The line ` date YYYY-MM-DD ` before
    the first paragraph is no part of a caption.
    """
    captions: list[Span] = []
    credits: list[Span] = []
    dated = _DATE_LINE.match(text)
    begin = dated.end() if dated else 0
    for paragraph in paragraphs(text[begin:]):
        block = text[begin + paragraph.start : begin + paragraph.end]
        start = begin + paragraph.start
        if len(block) > 2 * _MAX_CAPTION:
            continue
        caption = _caption_within(block)
        if caption is None or caption.end - caption.start > _MAX_CAPTION:
            continue
        if caption.start > 0:
            credits.append(Span(start, start + len(block[: caption.start].rstrip())))
        if caption.end > caption.start:
            captions.append(Span(start + caption.start, start + caption.end))
        if caption.end < len(block):
            rest = block[caption.end :]
            credits.append(Span(start + len(block) - len(rest.lstrip()), start + len(block)))
    return tuple(captions), tuple(credits)


def _caption_within(block: str) -> Span | None:
    """Where the caption's words stand in the paragraph; empty if it is all credit; None if it is no caption."""
    label = _BBC_CAPTION.match(block)
    if label:
        return Span(label.end(), len(block))
    source = _BBC_SOURCE.match(block)
    if source and _is_names(source["who"]):
        return Span(0, 0)
    end = _credit_start(block)
    return None if end is None else Span(0, len(block[:end].rstrip()))


def _credit_start(block: str) -> int | None:
    """Where the credit at the end of the paragraph begins; None without one."""
    # prose that ends with a bracket has its full stop behind it; a caption seldom
    photo = re.search(r"\b(?:Photo|PHOTO|Images?|Picture|Credit)\b[^()\[\]]*[)\]]\.$", block)
    start = end = len(block) - 1 if photo else len(block)
    while (match := _BRACKETS.search(block[:start].rstrip())) and _is_bracketed_credit(match):
        start = match.start()
    if start < end:
        return start
    for form in (_LABELLED, _COPYRIGHT):
        match = form.search(block)
        if match and _is_names(match["who"].rstrip(".)]")):
            return match.start("credit")
    match = _BARE.search(block)
    return _bare_start(block, match) if match else None


def _is_bracketed_credit(match: re.Match[str]) -> bool:
    words = " ".join((match["round"] or match["square"]).split())
    label = _BRACKET_LABEL.match(words)
    if label:
        return _is_names(words[label.end() :])
    if _PICTURE_SOURCE.fullmatch(words) or (match["square"] and _SOURCE.fullmatch(words)):
        return True
    parts = _JOINTS.split(words)
    sources = [part for part in parts if _SOURCE.fullmatch(part)]
    others = [part for part in parts if not _SOURCE.fullmatch(part)]
    if len(parts) < 2 or not (sources or " via " in words) or not all(map(_NAME.fullmatch, others)):
        return False
    if any(_PHOTO_WORD.fullmatch(part) for part in sources) or " via " in words:
        return True
    # "(Reuters/Ipsos)" is a poll, "(Damascus, AP)" a dateline, "(AP, AFP)" a signature
    if "/" in words and not _SOURCE.fullmatch(parts[0]):
        return True
    return any(" " in other for other in others)


def _is_names(who: str) -> bool:
    """True for "Omar Albam/AFP via Getty Images", False for the words of a sentence."""
    parts = [part for part in _JOINTS.split(" ".join(who.split())) if part]
    return bool(parts) and all(_NAME.fullmatch(part) or _SOURCE.fullmatch(part) for part in parts)


def _bare_start(block: str, match: re.Match[str]) -> int:
    """Where "Hama Omar Albam/AP" begins: a name without a full stop before it is taken to have two words."""
    start = match.start("credit")
    before = block[:start].rstrip()
    if not before or before[-1] in '.!?…”"’)]|':
        return start
    name = match["credit"].split("/")[0].rstrip()
    return start + max(name.rfind(" ", 0, name.rfind(" ")), -1) + 1 if "/" in match["credit"] else start
