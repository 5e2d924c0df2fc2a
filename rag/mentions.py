"""Names and pronouns in questions and answers: what is mentioned, of what kind, and what can stand for it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from rag.words import STOPWORDS, fold

PREPOSITIONS = frozenset("in at on of from to for with by near against under after between about during".split())

WEEKDAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
_MONTHS = "January February March April May June July August September October November December".split()
_MONTH = f"(?:{'|'.join(_MONTHS)})"
TIME = (
    rf"(?:(?:{'|'.join(WEEKDAYS)})(?: (?:morning|evening|night))?|{_MONTH} \d{{1,2}}(?:, \d{{4}})?"
    rf"|(?:\d{{1,2}} )?{_MONTH}(?: \d{{4}})?|(?:19|20)\d\d|(?:last|this|next) (?:week|month|year)|yesterday|today)"
)
_TITLES = frozenset(
    """Mr Mrs Ms Miss Dr Sir Dame Lady Lord Professor Prof President Prime Vice Minister Chancellor Senator Judge
    Justice General Gen Major Maj Colonel Col Captain Capt Coach King Queen Prince Princess Pope Secretary Governor
    Mayor Sheikh Ayatollah Archbishop Bishop Ambassador Commander""".split()
)
ROLE = (
    "leader|chief|president|minister|chancellor|senator|judge|founder|owner|boss|manager|coach|captain|player|striker"
    "|goalkeeper|singer|actor|actress|author|writer|director|scientist|researcher|biologist|physicist|doctor|professor"
    "|lawyer|prosecutor|(?:spokes|chair)?(?:man|woman|person)|commander|general|king|queen|prince|princess|pope|mayor"
    "|governor|mother|father|son|daughter|brother|sister|wife|husband|suspect|defendant|executive|champion|winner|driver"
    "|pilot|teacher|officer|economist|analyst|dictator|candidate|secretary"
)
_BODIES = frozenset(
    """Army Bank Council Court University Observatory Organisation Organization Party Union Ministry Department Agency
    Institute Association Committee Company Group Energy Motors Airlines Airways United City Club League Cup Prize Force
    Forces Front Nations States Kingdom Republic House Senate Congress Parliament Hospital School College Telescope
    Street Park Bridge Stadium Airport Church Museum River Island Islands Sea Ocean Valley War Act Press Times Post News
    Brotherhood Commission Federation Trust Fund Reserve Office Bay Beach Province Championship Open Games""".split()
)
_PLACE_FIRST = frozenset("New North South East West Los Las San Santa Saint St El Great Saudi Hong Lake Mount".split())
_PLACES = frozenset(
    """afghanistan argentina australia austria belgium brazil britain bulgaria canada chile china colombia croatia cuba
    denmark egypt england ethiopia europe finland france gaza germany greece india indonesia iran iraq ireland
    israel italy japan jordan kenya lebanon libya mexico morocco netherlands nigeria norway pakistan peru poland
    portugal qatar romania russia rwanda scotland serbia somalia spain sudan sweden switzerland syria taiwan
    turkey uganda uk ukraine us usa venezuela vietnam wales yemen""".split()
)
CAPITAL = r"(?:[Aa]l-|[Ee]l-)?[^\W\d_a-z]\w*(?:['’][^\W\d_a-z]\w*)?(?:-\w+)*"
_SPAN = re.compile(
    rf"\b(?:(?:{'|'.join(_TITLES)})\.? )*{CAPITAL}"
    rf"(?: (?:(?:al|el|bin|ibn|de|da|di|del|la|van|von|der|den) )*{CAPITAL})*"
)
_LONGER = re.compile(rf" (?:of|for)(?: the)? {CAPITAL}(?: {CAPITAL})*")
IN = r"(?:in|at|near|inside|outside|around|towards?|(?:north|south|east|west|city|town|outskirts|mayor) of)"
_DOES = "won|said|says|told|plays?|beat|lost|made|took|bought|became|holds?|makes?|leads?|runs?|owns?|wants?|lies|met"
_LED = "led|headed|run|commanded|coached|founded|owned|managed|chaired|directed|written"
PLURAL = r"(?:(?!(?:was|has|does)\b)[\w-]+(?<![sui])s|people|police|\w*men|children)"
_NO_NAMES = STOPWORDS - {"mr", "mrs", "ms"} | frozenset(
    "yes name list tell say compare describe explain give show find state according summarise summarize".split()
)


@dataclass(frozen=True, slots=True)
class Name:
    """A name in a text, and what it is likely to name."""

    text: str
    bare: str
    """Without titles."""
    kind: Literal["person", "place", "body", "unknown"]
    start: int
    end: int


def names_in(text: str, said: str) -> list[Name]:
    """The names of `text`, in order; `said`, all that was said, tells people from places and groups."""
    found = []
    for match in _SPAN.finditer(text):
        start, end = match.span()
        words = match.group().split()
        while words and fold(words[0]) in _NO_NAMES:
            start += len(words.pop(0)) + 1
        titles = [] if _BODIES.intersection(words) else [word for word in words if word.rstrip(".") in _TITLES]
        bare = " ".join(word for word in words if word not in titles)
        if not bare or bare in WEEKDAYS + _MONTHS or (len(words) == 1 and not _is_name(words[0], text, start, said)):
            continue
        if words[-1] in _BODIES and (longer := _LONGER.match(text, end)):
            end, bare = longer.end(), bare + longer.group()
        found.append(Name(text[start:end], bare, "person" if titles else _kind(bare, said), start, end))
    return found


def _is_name(word: str, text: str, start: int, said: str) -> bool:
    """A word that opens a sentence is a name if it is one elsewhere, or if one thing does something."""
    if start and text[:start].rstrip("“\"'( ")[-1:] not in ("", ".", "!", "?", ":", "\n"):
        return True
    if word.isupper() or re.search(rf"[\w,] {re.escape(word)}\b", said):
        return True
    after = text[start + len(word) :]
    if re.fullmatch(r"\w+(?:s|men|women)|People|Police", word):
        return re.match(r" (?:is|was|has|won)\b|['’]s\b|\?$", after) is not None
    return re.match(rf"['’]s\b|\??$| and {CAPITAL}| (?:is|was|has|are|were|will|{_DOES}|\w+ed)\b", after) is not None


@lru_cache(maxsize=256)
def _kind(bare: str, said: str) -> Literal["person", "place", "body", "unknown"]:
    name, words = re.escape(bare), bare.split()
    longer = re.search(rf"\b{CAPITAL} (?:al )?(?:[Aa]l-)?{name}\b", said) if len(words) == 1 else None
    if longer and fold(longer.group().split()[0]) not in _NO_NAMES | {"mr", "mrs", "ms"}:
        return _kind(longer.group(), said)  # "Reyes" where Anna Reyes was named
    if re.search(
        rf"\b(?:{ROLE}),? {name}\b|\b(?:{_LED}) by (?:\w+ ){{0,2}}{name}\b|\b{name}(?:,| is| was| as)* "
        rf"(?:the|an?|its|as) (?:[\w'’]+ ){{0,3}}?(?:{ROLE})\b|\bwho (?:is|was) {name}\?",
        said,
        re.IGNORECASE,
    ):
        return "person"
    if _BODIES.intersection(words) or re.search(
        rf"\b[Tt]he {name}\b|\b(?:leads?|heads?|commands?|runs|owns?|coach(?:es)?|joined|founded) {name}\b"
        rf"|\b{name} (?:is|are|was|were) (?:{_LED}|bought)\b",
        said,
    ):
        return "body"
    if fold(bare) in _PLACES or words[0] in _PLACE_FIRST or re.search(rf"\b{IN} {name}\b", said, re.IGNORECASE):
        return "place"
    return "person" if len(words) > 1 and not bare.isupper() else "unknown"


def _last_word(name: Name) -> str:
    """What people are called by; "golani" of Abu Mohammed al-Golani."""
    return fold(re.split(r"[ -]", name.bare)[-1])


def fullest(name: Name, said: str) -> str:
    """ "Mr Assad" is Bashar al-Assad if he alone is called so, and no sentence tells the two apart."""
    longer = {
        other.bare: other
        for other in names_in(said, said)
        if other.kind == "person" and _last_word(other) == _last_word(name) and len(other.bare) > len(name.bare)
    }
    if len(longer) != 1:
        return name.text
    full = next(iter(longer.values()))
    sentences = [part for part in re.split(r"[.!?\n]", said) if full.bare in part]
    apart = any(re.search(rf"\b{re.escape(name.bare)}\b", part.replace(full.bare, "")) for part in sentences)
    return name.text if apart else full.text


def namesake(question: str, quotes: str, said: str) -> str | None:
    """Why `quotes` may not answer `question`: who it asks about has a namesake there, and is not there. Else None.

    `said` tells who "Mayor Ostrander" is: Linda, where that mayor is called so in full.
    """
    everybody = names_in(said, said)
    for asked in names_in(question, f"{question}\n{said}"):
        if asked.kind != "person":
            continue
        kin = [name for name in everybody if _last_word(name) == _last_word(asked) and len(name.bare.split()) > 1]
        title = set(asked.text.split()) - set(asked.bare.split())
        meant = [asked] if len(asked.bare.split()) > 1 else [name for name in kin if title & set(name.text.split())]
        there = [name for name in kin if name.bare in quotes]
        if meant and there and not any(_first_words(one) & _first_words(other) for one in meant for other in there):
            return f"the article says it of another {asked.bare.split()[-1]}"
    return None


def _first_words(name: Name) -> set[str]:
    return set(re.split(r"[ -]", fold(name.bare))[:-1]) - {"al", "el"}


def not_in(names: Sequence[Name], text: str) -> list[Name]:
    """Each name once, without those that `text` has: a person by the last name, anything else by all its words."""
    words = set(re.findall(r"\w+", fold(text)))
    own = {
        name.bare: [_last_word(name)] if name.kind == "person" else re.findall(r"\w+", fold(name.bare))
        for name in names
    }
    return list({name.bare: name for name in names if not words.issuperset(own[name.bare])}.values())


def governed(name: Name, text: str) -> bool:
    """Whether the name hangs on a preposition, or on a noun as its owner, and so is not what the sentence is about."""
    before, after = text[: name.start], text[name.end :]
    hangs = re.search(rf"\b(?:{'|'.join(PREPOSITIONS)})(?: the)? $", before)
    return hangs is not None or re.match(r"['’]s? ", after) is not None


def the_only_one(phrases: Sequence[str]) -> str | None:
    """The phrase, if there is but one; two are equally likely."""
    different = {fold(phrase): phrase for phrase in phrases}
    return next(iter(different.values())) if len(different) == 1 else None


def phrases_of(names: Sequence[Name], text: str) -> list[str]:
    """The names of `text`, with "the" where it has it before them."""
    return [f"the {name.text}" if re.search(r"\b[Tt]he $", text[: name.start]) else name.text for name in names]


def lowered(phrase: str, said: str) -> str:
    """A phrase from the beginning of a sentence, as it stands within one."""
    first = phrase.split()[0]
    is_name = fold(first) not in STOPWORDS and any(name.text.startswith(first) for name in names_in(phrase, said))
    return phrase if is_name else phrase[:1].lower() + phrase[1:]


def shared_phrases(question: str, answer: str) -> list[str]:
    """ "the strike" of "When did the strike begin?" and "The strike began": the words after "the" that both have."""
    asked, told = re.findall(r"[\w’'-]+", question), re.findall(r"[\w’'-]+", fold(answer))
    found = []
    for at in (at for at, word in enumerate(asked) if word == "the" and fold(asked[at - 1]) not in PREPOSITIONS):
        best = 0
        for start in (start for start, word in enumerate(told) if word == "the"):
            same = 0
            while at + same < len(asked) and start + same < len(told) and fold(asked[at + same]) == told[start + same]:
                same += 1
            best = max(best, same)
        while best > 1 and fold(asked[at + best - 1]) in STOPWORDS:
            best -= 1
        if best > 1:
            found.append(" ".join(asked[at : at + best]))
    return found


# ------------------------------------------------------------------------------------------------- pronouns

PRONOUN = re.compile(
    r"(?P<from>\b(?:from|over|near|around) )?\b(?P<it>he|him|his|she|hers?|it|its|they|them|theirs?|there)\b"
    r"(?P<is>['’](?:s|re|d|ve|ll))?",
    re.IGNORECASE,
)
SORTS = dict.fromkeys("he him his she her hers".split(), "he") | {"it": "it", "its": "it", "there": "there"}
_NOT_OWNED = PREPOSITIONS | frozenset("when and or last next yesterday today as".split())


def owns(match: re.Match[str], text: str) -> bool:
    """Whether the pronoun is an owner's: "her" of "her team", not of "ask her"."""
    word, after = fold(match["it"]), re.match(r" (\w+)", text[match.end() :])
    if word == "her":
        return after is not None and fold(after.group(1)) not in _NOT_OWNED
    return word in ("his", "its", "their", "hers", "theirs")


def in_place_of(match: re.Match[str], phrase: str, text: str) -> str:
    """`phrase` in the form in which the pronoun stood."""
    if owns(match, text):
        return phrase + ("'" if phrase.startswith("the ") and phrase.endswith("s") else "'s")
    if fold(match["it"]) != "there":
        return f"{match['from'] or ''}{phrase}{re.sub('.re', ' are', match['is'] or '')}"
    if match["from"]:
        return f"{'in ' if fold(match['from']) == 'over ' else match['from']}{phrase}"
    before = text[: match.start()]
    if re.search(r"\b(?:go|going|goes|went|get|travel|fly|flee|fled|move|moved|come|came|sent|send|arrive) $", before):
        return f"to {phrase}"
    return f"there in {phrase}" if re.search(r"\b(?:is|are|was|were) $", before) else f"in {phrase}"
