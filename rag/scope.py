"""The time that a question asks about: which articles it wants read, and whether its answer will keep.

News has two times: the day of an event and the day of the article that reports it. "What was said before
5 December?" is about articles; "Who captured Hama before 5 December?" is about an event, which an article of
6 December may report. Only the first may narrow the search: a search wrongly narrowed hides the answer, one
wrongly left wide does not, so whatever these rules do not know for certain limits nothing.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date, timedelta

from rag.days import Period, read_period, read_range, spell

_LONGEST = 600


@dataclass(frozen=True, slots=True)
class Scope:
    """Which articles a question wants read, in its own words."""

    since: date | None
    until: date | None
    """Inclusive, like the arguments of `Assistant.ask`."""
    as_of: date | None
    words: str
    """The words of the question that say so: "before 5 December"; "" if none."""
    rest: str
    """The question without them: "What was said about Homs?"; the whole question if there are none."""


def read_scope(question: str, today: date | None) -> Scope:
    """The scope that the words of `question` set, asked on the day `today`.

    A time counts in three places: beside a word for articles ("articles from last week", "yesterday's news"), with
    a verb of reporting that has no speaker but the articles ("what was said before 5 December", "what did the
    articles say by Thursday"), and in "as of 5 December". With a topic between verb and time the time may belong
    to the topic ("said about the attack on 5 December"), so there the topic must not be an event.
    Without `today` only full dates are read. A text too long to be one question has no scope. Raises nothing.
    """
    none = Scope(None, None, None, "", question)
    if len(question) > _LONGEST:
        return none
    scope = none
    for phrase in _find_phrases(question, today):
        if phrase.preposition == "as of" and not _in_force(question, phrase, today):
            scope = Scope(None, None, phrase.until, question[phrase.start : phrase.end], _without(question, phrase))
            break
    for phrase in _find_phrases(scope.rest, scope.as_of or today):
        if chosen := _chosen(scope.rest, phrase):
            words = " and ".join(filter(None, [scope.words, scope.rest[chosen.start : chosen.end]]))
            scope = Scope(chosen.since, chosen.until, scope.as_of, words, _without(scope.rest, chosen))
            break
    last = min((day for day in (scope.until, scope.as_of) if day), default=None)
    return none if scope.since and last and scope.since > last else scope


# ------------------------------------------------------------------------------------------- times, as phrases


@dataclass(frozen=True, slots=True)
class _Phrase:
    """A time with its preposition, at characters [start, end) of the question."""

    start: int
    end: int
    preposition: str
    """before, until, since, after, between, on (and in, during), of, from, as of; "" for a bare "yesterday"."""
    since: date | None
    until: date | None
    adverbial: bool = False
    """Hardly ever part of a noun's meaning, as "on Thursday" is in "the crowd on Thursday"."""
    bare_date: bool = False
    """ "Friday" or "5 December" without a preposition, which may end a name."""
    old_year: bool = False
    """A bare year before last, which is mostly history and not when an article was written."""


_PREPOSITION = re.compile(
    r"(?:(?P<as_of>as (?:of|at))|(?:from )?(?P<before>before|prior to|earlier than)"
    r"|(?:from )?(?P<until>up (?:to|until) and including|up until|up to|until|till?|through|by|no later than)"
    r"|(?P<since>since|starting from|starting on)|(?:from )?(?P<after>after|later than)|(?P<between>between)"
    r"|(?P<from>from)|(?P<of>of)|(?P<on>on|in|during|throughout|within|over)) ",
    re.I,
)
_ONWARDS = re.compile(r" (?:on(?=[ ?.!,]*$| (?:about|that)\b)|onwards?)\b", re.I)
_TO = re.compile(r" (?:to|until|till|through|up to) ", re.I)
_AND = re.compile(r" and ", re.I)
_JOINED = re.compile(r",?(?: (?:and|but|or|to)|[-–])? ?", re.I)
_WORD = re.compile(r"(?<![\w'’-])\w")


def _find_phrases(question: str, today: date | None) -> list[_Phrase]:
    """The times of `question` in order; one that goes on in a way not understood ("or 5 December") is left out."""
    found, at = [], 0
    while match := _WORD.search(question, at):
        phrase = _phrase(question, match.start(), today)
        at = phrase.end if phrase else match.end()
        if not phrase:
            continue
        joined = _JOINED.match(question, phrase.end)
        second = _phrase(question, joined.end(), today) if joined and joined.group() else None
        if second and phrase.preposition != "as of":
            at = second.end
            both = _both(phrase, second)
            found += [both] if both else []
        else:
            found.append(phrase)
    return found


def _both(one: _Phrase, other: _Phrase) -> _Phrase | None:
    """ "after 3 December and before 6 December" as one phrase."""
    names = {one.preposition, other.preposition}
    if len(names & {"since", "after"}) != 1 or len(names & {"before", "until"}) != 1:
        return None
    return replace(one, end=other.end, since=one.since or other.since, until=one.until or other.until)


def _phrase(question: str, at: int, today: date | None) -> _Phrase | None:
    match = _PREPOSITION.match(question, at)
    if not match:
        period = read_period(question, at, today)
        if not period or period.unit not in ("day", "part", "span") or question[at : at + 4].lower() == "the ":
            return None
        bare = _phrase_of("", at, period, today)
        return replace(bare, bare_date=question[at].isupper() or question[at].isdigit())
    name = (match.lastgroup or "").replace("_", " ")
    joint = {"between": _AND, "from": _TO}.get(name)
    if joint and (days := read_range(question, match.end(), joint, today)):
        return _phrase_of("between", at, days, today)
    if name == "between":
        return None
    period = read_period(question, match.end(), today)
    if not period or question.startswith(("'s", "’s"), period.end):
        return None
    if name == "from" and (onwards := _ONWARDS.match(question, period.end)):
        return replace(_phrase_of("since", at, period, today), end=onwards.end())
    vague = name in ("on", "of", "from") and period.unit == "edge"  # "at the end of November"
    either_year = name in ("before", "until", "as of") and period.doubtful
    return None if vague or either_year else _phrase_of(name, at, period, today)


def _phrase_of(name: str, at: int, period: Period, today: date | None) -> _Phrase:
    part = period.unit in ("part", "edge")  # articles have days, no hours: "before Thursday evening" takes in Thursday
    since: date | None = period.first
    until: date | None = period.last
    if name in ("before", "until", "as of"):
        since = None
        until = period.first - timedelta(days=1) if name == "before" and not part else period.last
    elif name in ("since", "after"):
        until = None
        since = period.last + timedelta(days=1) if name == "after" and not part else period.first
    old = period.unit == "year" and (today is None or period.last.year < today.year - 1)
    adverbial = name in ("before", "until", "since", "after") or period.unit == "span"
    return _Phrase(at, period.end, name, since, until, adverbial=adverbial, old_year=old)


# ------------------------------------------------------------------------- does a time belong to the articles?

_KIND_OF_NEWS = r"(?:(?:the|all|any|some|every|other|more|those|these|your|our|news|press|media|newspaper|main|top) )*"
_NEWS = r"(?:articles?|news|coverage|reporting|headlines?|reports|press|media|newspapers?|(?:news )?stories)"
_FRAME = (  # before a word for articles: they are read or tell; "Who denied the reports of" does not come through
    r"(?:^|[,.?!:] ?|\b(?:according to|based on|in|from|per|do|does|did|have|has|had|which|what|what['’]s|how many"
    r"|list|show|show me|give me|find|read|summari[sz]e|summary of|overview of|is|are|was|were|using|only) )"
)
_ARTICLES = rf"{_FRAME}{_KIND_OF_NEWS}{_NEWS}"
_PUBLISHED = (
    r"(?:(?:that|which) )?(?:(?:was|were|have been|had been|has been|is|are) )?"
    r"(?:published|written|dated|posted|printed|released|appeared|came out)"
)
_ABOUT = r"(?:about|on|regarding|concerning|covering)"
_SAID = r"(?:said|reported|written|published|known)"
_HOW = r"(?:(?:already|first|generally|publicly|then|ever|actually|previously) )?"
_SUBJECT = r"(?:what(?: else| exactly| little| more)?|how much|how little)"
_PAST_REPORT = [
    rf"\b{_SUBJECT} (?:was|were|has been|have been|had been|was being) {_HOW}{_SAID}",
    rf"\bwhat['’]s been {_HOW}{_SAID}",
    rf"\b(?:was|had|has) (?:it|anything|something|nothing|much)(?: been)? {_HOW}{_SAID}",
    rf"\bdid {_KIND_OF_NEWS}{_NEWS} {_HOW}(?:say|report|write|mention|tell us)",
    rf"\b(?:have|has|had) {_KIND_OF_NEWS}{_NEWS} {_HOW}(?:said|reported|written|mentioned|told us)",
    rf"\b(?:did|could) (?:we|one|readers?|the readers?) {_HOW}know",
    rf"{_ARTICLES} (?:{_ABOUT} [^,?!]+ )?(?<!that )(?<!which )(?:was|were|have been|had been|has been) {_HOW}{_SAID}",
]
_PRESENT_REPORT = [
    rf"\b{_SUBJECT} (?:is|are|is being) {_HOW}{_SAID}",
    rf"\b(?:do|does) {_KIND_OF_NEWS}{_NEWS} {_HOW}(?:say|report|write|mention|tell us)",
]
_PAST = "|".join(_PAST_REPORT)
_ANY = "|".join(_PAST_REPORT + _PRESENT_REPORT)
_WHERE_READ = rf"(?: (?:in|by) {_KIND_OF_NEWS}{_NEWS})?"

_AFTER_ARTICLES = re.compile(rf"{_ARTICLES}(?:,? (?P<published>{_PUBLISHED}))? $", re.I)
_AFTER_PUBLISHED = re.compile(rf"{_ARTICLES} {_ABOUT} (?P<topic>[^,?!]+) (?P<published>{_PUBLISHED}) $", re.I)
_AFTER_ARTICLES_AND_TOPIC = re.compile(rf"{_ARTICLES} (?:{_ABOUT}|from) (?P<topic>[^,?!]+) $", re.I)
_BEFORE_ARTICLES = re.compile(
    rf"(?P<genitive>['’]s?)? {_KIND_OF_NEWS}{_NEWS}\b(?! (?:agency|channel|conference))", re.I
)
_FRAMED = re.compile(rf"(?:{_FRAME}|\bof )(?:the |all )*$", re.I)
_AFTER_REPORT = re.compile(rf"(?:{_ANY}){_WHERE_READ},? $", re.I)
_AFTER_REPORT_AND_TOPIC = re.compile(
    rf"(?:{_PAST}){_WHERE_READ}(?: {_ABOUT}|(?<=mention)|(?<=mentioned)) (?P<topic>[^,?!]+) $", re.I
)
_REPORT_FOLLOWS = re.compile(rf",? (?:(?:please )?(?:tell me|list|summari[sz]e) )?(?:what |how )?(?:{_ANY})", re.I)
_MAY_FOLLOW = re.compile(rf"[?.!]*$| (?:{_ABOUT}|of|that|from|in {_KIND_OF_NEWS}{_NEWS})\b", re.I)
_KNOWN = re.compile(r"\bknown?\b", re.I)
_AUXILIARY = re.compile(r"\b(?:was|were|been|has|have|had)\b| (?<!that )(?<!which )(?:appeared|came out)", re.I)
_SPEAKER = re.compile(rf"\bby (?!{_KIND_OF_NEWS}{_NEWS}\b)", re.I)

_CLAUSE = re.compile(
    r"\b(?:who|what|when|where|why|how|that|which|whether|by|during|after|before|at|while|since|until|because|if|to|is"
    r"|are|was|were|has|have|had|will|did|do)\b",
    re.I,
)
_EVENT = re.compile(
    r"\b(?:attacks?|offensives?|battles?|wars?|strikes?|air ?strikes?|clash(?:es)?|fights?|raids?|siege|ambush|blasts?"
    r"|coups?|riots?|protests?|march(?:es)?|fall|captures?|deaths?|loss(?:es)?|arrests?|arrival|departure|withdrawal"
    r"|retreat|advances?|escape|flight|release|talks?|summit|visits?|speech(?:es)?|address|statements?|remarks?|votes?"
    r"|polls?|deal|truce|ceasefires?|vows?|events?|crisis|crash|quake|earthquake|floods?|storms?|fires?|match|game|race"
    r"|final|derby|trial|verdict|launch|merger|takeover|prices?|weather|situation|state|status|day|night|morning"
    r"|evening|closure|failure|seizure|[a-z]+(?:ing|ings|tions?|sions?|ences?|ances?|ments?))\b",
    re.I,
)
_NO_EVENT = re.compile(
    r"\b(?:mention|governments?|parliaments?|oppositions?|nations?|population|administration|buildings?)\b"
)
_FORCE = re.compile(
    r"\b(?:effective|in force|effect|valid|appl(?:y|ies)|changes?|start(?:s|ing)?|begin(?:s|ning)?) $", re.I
)
_BARE_YEAR = re.compile(r"of (?:the year )?\d{4}$", re.I)


def _chosen(question: str, phrase: _Phrase) -> _Phrase | None:
    """The phrase as a scope, "published" and what else falls away with it included; None if it is about an event."""
    if phrase.preposition == "as of":
        return None
    before, after = question[: phrase.start], question[phrase.end :]
    return _beside_articles(phrase, before, after) or _with_verb(question, phrase, before, after)


def _beside_articles(phrase: _Phrase, before: str, after: str) -> _Phrase | None:
    if _EVENT.match(_NO_EVENT.sub("", after).lstrip()):  # "the news of the 5 December talks"
        return None
    if match := _AFTER_ARTICLES.search(before):
        if phrase.preposition == "of" and re.search(r"(?:coverage|reporting) $", before, re.I):
            return None
        of_one_day = phrase.preposition in ("on", "in")
        # "reports on 5 December" may be reports about that day, "in the news on 5 December" is not
        if not of_one_day or match["published"] or re.search(r"\b(?:news|headlines) $", before, re.I):
            return _from(phrase, match)
    elif match := _AFTER_PUBLISHED.search(before):
        # "articles about the law published on 5 December"
        return _from(phrase, match) if match["topic"].split()[-1][0].isupper() else None
    elif match := _AFTER_ARTICLES_AND_TOPIC.search(before):
        return phrase if phrase.preposition != "of" and _can_be_topic(match["topic"], phrase) else None
    elif phrase.preposition == "" and (match := _BEFORE_ARTICLES.match(after)) and _FRAMED.search(before):
        return replace(phrase, end=phrase.end + len(match["genitive"] or ""))
    return None


def _from(phrase: _Phrase, match: re.Match[str]) -> _Phrase:
    # "were published in November", "appeared in November": without the verb there would be no question left
    if not match["published"] or _AUXILIARY.search(match.group()):
        return phrase
    return replace(phrase, start=match.start("published"))


def _with_verb(question: str, phrase: _Phrase, before: str, after: str) -> _Phrase | None:
    if phrase.preposition in ("of", "from") or _SPEAKER.search(before + "…" + after):
        return None
    if not before:
        if phrase.old_year or not _REPORT_FOLLOWS.match(after):
            return None
    elif not _MAY_FOLLOW.match(after):
        return None
    elif not _AFTER_REPORT.search(before):
        topic = _AFTER_REPORT_AND_TOPIC.search(before)
        if not topic or not _can_be_topic(topic["topic"], phrase):
            return None
    if phrase.preposition in ("on", "") and _KNOWN.search(question):
        return replace(phrase, since=None)  # what is known on a day was learnt on any day until then
    return phrase


def _can_be_topic(topic: str, phrase: _Phrase) -> bool:
    """Whether a time behind `topic` must belong to the reporting, because the topic itself has no time."""
    if phrase.old_year or _CLAUSE.search(topic) or _EVENT.search(_NO_EVENT.sub("", topic)):
        return False
    if phrase.adverbial:
        return True
    # "about the crowd on 5 December", "about Black Friday": only a name is sure to have no day of its own
    return topic.split()[-1][0].isupper() and not phrase.bare_date


def _in_force(question: str, phrase: _Phrase, today: date | None) -> bool:
    """Whether "as of" means "from then on" ("rules that apply as of 1 January"), or dates a figure ("as of 2011")."""
    before, words = question[: phrase.start], question[phrase.start : phrase.end]
    ahead = bool(today and phrase.until and phrase.until > today)
    return ahead or _FORCE.search(before) is not None or _BARE_YEAR.search(words) is not None


def _without(question: str, phrase: _Phrase) -> str:
    before, after = question[: phrase.start].rstrip(), question[phrase.end :].lstrip()
    if question[: phrase.end].endswith(("'s", "’s")):
        before = f"{before} the"  # it took the place of an article: "in yesterday's news"
    if not before:
        after = after.lstrip(", ")
        return after[:1].upper() + after[1:]
    if after[:1] in ("", "?", "!", ".", ",", ";", ":"):
        return before.rstrip(", ") + after
    return f"{before} {after}"


# -------------------------------------------------------------------------------- how long will the answer hold?

_LEAD_IN = re.compile(
    r"^(?:(?:as of|before|until|by|on|in|since|after|according to) [^?]{0,80}?, (?!\d))?"
    r"(?:(?:please|(?:can|could) you|do you know|i (?:want|would like) to know|tell me|say),? )*",
    re.I,
)
_SO_FAR = re.compile(r"\b(?:so far|to date|until now|up to now|as yet)\b", re.I)
_NOW = re.compile(
    r"\b(?:now|nowadays|current(?:ly)?|presently|at present|today|still|at (?:the|this) moment|these days|latest"
    r"|as things stand|any ?more|any longer|tonight)\b",
    re.I,
)
_FIRST_VERB = re.compile(
    r"(?<!that )(?<! who )(?<!which )\b(?:(?P<past>was|were|did|had|said|told|took|fled|fell|won|went|came|began|became"
    r"|wrote|shot|lost|fought|sent|left|met|killed|captured|seized|died)"
    r"|(?P<be>is|are|(?<=who['’])s|(?<=what['’])s|(?<=where['’])s)|(?P<have>has|have)|(?P<do>do|does)"
    r"|(?P<state>controls?|holds?|leads?|runs?|commands?|heads?|rules?|governs?|owns?|occup(?:y|ies)|supports?|backs?"
    r"|remains?|lives?|wants?|plans?|needs?|faces?|presides?|represents?))\b",
    re.I,
)
_WHO_DID = re.compile(r"(?:who|what) (?:(?:also|first|then|finally) )?(?:[a-z]+ed|got|made|gave|ran|rose)\b", re.I)
_TIMELESS = re.compile(
    r"^(?:when|why|since when)\b|\bhow (?:far|big|tall|high|wide|deep|long is|many (?:miles|kilomet\w+|km))\b"
    r"|\b(?:known for|stand for|mean(?:ing|s)?|defin\w+|named|called|capital"
    r"|distance|difference|origins?|reasons?|causes?|located|situated|spelled|pronounced|written|born|founded|about\?)"
    r"|^(?:is|are) (?!there )\S+ an? |^how (?:do|does) ",
    re.I,
)
_REPORTING = re.compile(r"\b(?:say|says|said|words|quoted|report|reported|write|written|mention|published)\b", re.I)
_IDENTITY = re.compile(r"^(?:who|what)(?: is| are|['’]s) (?:(?P<kind>an?) |the )?(?P<name>[^?.!]+)", re.I)
_IN_NAMES = frozenset("al el bin ibn of de la von van the and".split())
_OFFICE = re.compile(
    r"\b(?:president|prime minister|minister|king|queen|pope|mayor|governor|chief|head|leader|speaker|chancellor"
    r"|commander|chair(?:man|woman)?|ceo|champions?)\b",
    re.I,
)


def names_the_present(question: str) -> bool:
    """Whether `question` asks for the present in so many words: "now", "currently", "so far"."""
    return asks_for_the_present(question) and bool(_NOW.search(question) or _SO_FAR.search(question))


def asks_for_the_present(question: str) -> bool:
    """Whether the answer to `question` holds only for a time, so that the reader must be told as of when.

    The first verb decides: a past one never does ("Who captured …", "Who was killed today?"), except beside "so
    far". A present one does with a word such as "now", and in questions for a state ("Who is the leader …", "Which
    cities are …", "Has Homs fallen?"), unless they are timeless (names, distances, meanings, causes), ask who or
    what somebody is, or ask for what was said.
    """
    asked = _LEAD_IN.sub("", question.strip(), count=1)
    if _SO_FAR.search(asked):
        return True
    verb = _FIRST_VERB.search(asked)
    if _WHO_DID.match(asked) or (verb and verb["past"]):
        return False
    if _NOW.search(asked):
        return True
    if not verb or _TIMELESS.search(asked) or _REPORTING.search(asked):
        return False
    if re.search(r"\bnames?\b", asked, re.I):
        return bool(_OFFICE.search(asked))
    return not _asks_who_that_is(asked)


def _asks_who_that_is(question: str) -> bool:
    """ "Who is Ahmed al-Sharaa?", "What is a drone?", but not "Who is the US President?"."""
    match = _IDENTITY.match(question)
    if not match or _OFFICE.search(question):
        return False
    words = re.split(r"[\s-]+", match["name"].strip())
    return bool(match["kind"]) or all(word[:1].isupper() or word in _IN_NAMES for word in words)


def as_of_note(days: Collection[date | None]) -> str | None:
    """How old the newest of the cited articles is: "as of 5 December 2024"; None if none has a date."""
    newest = max((day for day in days if day), default=None)
    return f"as of {spell(newest)}" if newest else None
