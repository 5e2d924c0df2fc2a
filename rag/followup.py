"""history + question -> a question that stands alone, which is what search and model work with.

Rules first: they cost nothing and keep to the conversation's own words. They settle only what is plain; where two
things could be meant they leave it to the model (`rewrite`), which is slow and is held to the words that were said.
"it" follows centering (Grosz, Joshi and Weinstein 1995): what the last question asked for, else what its own
pronoun meant, else what it was about.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypedDict

from rag.mentions import (
    CAPITAL,
    IN,
    PLURAL,
    PREPOSITIONS,
    PRONOUN,
    ROLE,
    SORTS,
    TIME,
    WEEKDAYS,
    fullest,
    governed,
    in_place_of,
    lowered,
    names_in,
    not_in,
    owns,
    phrases_of,
    shared_phrases,
    the_only_one,
)
from rag.parts import AUXILIARY, INVERTED
from rag.refusal import REFUSAL
from rag.words import content_words, find_names, fold

_TURNS = 4  # messages of history that the model reads; older ones are rarely meant and cost time
_RULE_TURNS = 10  # messages that the rules read; chains of "he" and "there" are longer than two questions


class Message(TypedDict):
    """One turn of a conversation."""

    role: Literal["user", "assistant"]
    content: str


def standalone(question: str, history: Sequence[Message], rewrite: Callable[[list[tuple[str, str]], str], str]) -> str:
    """The question with what it points back to written out, by rules where they suffice.

    `rewrite` asks the model, last. Its words are used only if they are the conversation's own: a rewrite that
    brings in a name or a number from nowhere is dropped for the plain question with the previous one before it.
    A refusal in the history is no source of names or words; the question that it refused still is.
    """
    said_so_far = [turn for turn in history if turn["content"].strip()]
    past = _exchanges(said_so_far[-_RULE_TURNS:])
    if not past:
        return question
    by_rules = _by_rules(question, past)
    if by_rules is not None:
        return question if by_rules.question == _tidy(question) else by_rules.question
    turns = [(str(turn["role"]), _spoken(turn["content"]) or REFUSAL) for turn in said_so_far[-_TURNS:]]
    rewritten = " ".join(rewrite(turns, question).split()).strip('"“”')
    said = " ".join([question, *(text for _, text in turns if text != REFUSAL)])
    helps = set(content_words(rewritten)) - set(content_words(question))  # else it still points back
    if helps and len(rewritten) <= 400 and _only_words_of(rewritten, said):
        return rewritten
    return f"{past[-1].question} {question}".strip()


def _only_words_of(rewritten: str, said: str) -> bool:
    known = set(content_words(said))
    unknown = [word for word in content_words(rewritten) if word not in known]
    names = {word for name in find_names(rewritten, question=True) for word in content_words(name)}
    return not any(word in names or word.isdigit() for word in unknown) and len(unknown) <= 2


def _spoken(text: str) -> str:
    """What was said: without marks of evidence, and nothing if it was a refusal."""
    text = re.sub(r"\s*\[\d+\]", "", text).strip()
    return "" if text.startswith(REFUSAL) else text


@dataclass(frozen=True, slots=True)
class _Turn:
    question: str  # as it stands alone, as far as rules can tell
    answer: str = ""  # empty if refused
    meant: tuple[str, ...] = ()  # what its pronouns were found to mean


def _exchanges(messages: Sequence[Message]) -> list[_Turn]:
    past: list[_Turn] = []
    for message in messages:
        text = _spoken(message["content"])
        if message["role"] == "user":
            past.append(_by_rules(text, past) or _Turn(text))
        elif past:
            past[-1] = replace(past[-1], answer=text)
    return past


def _tidy(question: str) -> str:
    """Without the "And" before it and the ", then" after it."""
    text = re.sub(r"^(?:and|but|so|ok(?:ay)?|well|also)\b[\s,]*(?=\w)", "", question.strip(), flags=re.I)
    text = re.sub(r"(?:, then|,? (?:though|exactly))\s*(?=\?|$)", "", text)
    return text[:1].upper() + text[1:]


def _by_rules(question: str, past: Sequence[_Turn]) -> _Turn | None:
    """The question as it stands alone; None if rules cannot tell."""
    text = _tidy(question)
    if not past:
        return _Turn(text)
    if _VAGUE.search(text):
        return None
    said = "\n".join([*(part for turn in past for part in (turn.question, turn.answer)), text])
    if match := _WORD_ALONE.fullmatch(text):
        return _about_the_event(match["wh"], past[-1], said)
    if match := _WHICH_WAS_THAT.fullmatch(text):
        if where := _circumstances(past[-1].question):
            return _Turn(f"{text.rstrip('?')} {where}?")
        whose = fold(match["wh"]) == "whose"
        return None if whose else _about_the_event(match["wh"], replace(past[-1], question=""), said)
    if (part := _fragment(text, said)) is not None:
        return _instead(part, past, said)
    return _written_out(text, past, said)


# ------------------------------------------------------------------------------------- what a pronoun can mean


def _person(past: Sequence[_Turn], text: str, said: str) -> str | None:
    for turn in reversed(past[-3:]):
        if re.match(r"No\b", turn.answer) and not_in(names_in(turn.question, said), turn.answer):
            return None  # "Did A win?" "No, B won."
        for source in (turn.question,) if re.match(r"(?:He|She)\b", turn.answer) else (turn.answer, turn.question):
            names = names_in(source, said)
            may_be = [name for name in names if name.kind == "unknown" and not governed(name, source)]
            for people in ([name for name in names if name.kind == "person"], may_be):
                full = list(dict.fromkeys(fullest(name, said) for name in not_in(people, text)))
                if len(full) == 1:
                    return full[0]
                if full:
                    topics = [name for name in full if name in turn.meant]
                    return the_only_one(topics or [name for name in full[:1] if _asked_about(name, turn)])
    return None


def _asked_about(name: str, turn: _Turn) -> bool:
    """Whether the question was about this person and the answer begins with them; or who, and these are they."""
    word = re.escape(name.split()[-1])
    opens = re.match(rf"(?:[^\s,]+ ){{0,4}}(?:[a-z]+-)?{word}\b(?!['’])", turn.answer, re.IGNORECASE)
    if re.match(r"who\b", turn.question, re.IGNORECASE):
        return bool(opens) and not re.search(rf"\b{word},? (?:and|met)\b|\b{word}\?", f"{turn.answer} {turn.question}")
    return bool(opens and re.search(rf"(?:did|does|was|is|has|will) (?:\w+ )*{word}\b", turn.question))


def _thing(past: Sequence[_Turn], text: str, said: str) -> str | None:
    turn = past[-1]
    asked = turn.question
    in_answer = [name for name in names_in(turn.answer, said) if name.kind != "person"]
    in_question = [name for name in names_in(asked, said) if name.kind != "person"]
    new = not_in(in_answer, f"{text} {asked}")
    if re.match(r"(?:which|what|name)\b(?! (?:did|do|does|happened|will|can)\b)", asked, re.IGNORECASE) and new:
        new = [name for name in new if not re.search(r"\b(?:in|at|on|near|from)(?: the)? $", turn.answer[: name.start])]
        return the_only_one(phrases_of([n for n in new if not governed(n, turn.answer)] or new, turn.answer))
    if meant := [phrase for phrase in turn.meant if all(name.kind != "person" for name in names_in(phrase, said))]:
        return the_only_one(meant)
    if re.match(r"what (?:did|does|do)\b", asked, re.IGNORECASE) and new:
        return None  # what was done, or who did it
    if match := _OBJECT.match(asked):
        return match["what"] or match["this"] or match["done"]
    phrases = [phrase for phrase in shared_phrases(asked, turn.answer) if not re.fullmatch(PLURAL, phrase.split()[-1])]
    named = not_in(in_question, text)
    about = [name for name in named if not governed(name, asked) and not any(name.bare in each for each in phrases)]
    candidates = phrases + phrases_of(about, asked) or phrases_of(named, asked)
    return the_only_one(candidates or phrases_of(not_in(in_answer, text), turn.answer))


def _group(past: Sequence[_Turn], text: str, said: str) -> str | None:
    turn = past[-1]
    several = rf"(?:the )?{CAPITAL}(?:(?:, | )(?:the )?{CAPITAL})*,? and (?:the )?{CAPITAL}(?: {CAPITAL})*"
    who = re.match(r"(?:who|which)\b", turn.question, re.IGNORECASE)
    for source in (turn.answer, turn.question) if who else (turn.question, turn.answer):
        lead = "" if source == turn.answer else r".*?\b(?:do|did|are|were|have|will|can) "
        if match := re.match(rf"{lead}(?P<them>{several})", source):
            return match["them"]
        if match := re.match(rf"{lead}(?P<them>(?:[Tt]he )?(?:[\w-]+ ){{0,2}}?{PLURAL})\b(?!['’])", source):
            return lowered(match["them"], said)
    subject = re.search(rf"\b{AUXILIARY} (?=[A-Z])", turn.question)
    for found in names_in(turn.question, said):
        if subject and subject.end() == found.start and found.kind != "person" and found.text not in text:
            return found.text
    thing = _thing(past, text, said)
    return thing if thing and any(found.kind != "place" for found in names_in(thing, said)) else None


def _place(past: Sequence[_Turn], text: str, said: str) -> str | None:
    turn = past[-1]
    asked, told = (
        (source, [name for name in not_in(names_in(source, said), text) if name.kind != "person"])
        for source in (turn.question, turn.answer)
    )
    new = not_in(told[1], turn.question)
    if re.match(r"(?:which|what|where)\b(?! (?:did|does|do)\b)", turn.question, re.IGNORECASE) and new:
        return the_only_one(phrases_of(new, turn.answer))
    meant = [each for each in turn.meant if any(name.kind in ("place", "unknown") for name in names_in(each, said))]
    if meant:
        return the_only_one(meant)
    for source, names in (asked, told):
        if places := [name for name in names if re.search(rf"\b{IN}(?: the)? $", source[: name.start])]:
            return the_only_one(phrases_of(places, source))
    return the_only_one([name.text for name in asked[1] + told[1]])


# ------------------------------------------------------------------------------------------- the follow-ups

_VAGUE = re.compile(
    r"\bwhich ones?\b|\bthe (?:first|second|other|last|latter|former|two)(?: ones?)? *(?:\?|$|(?:is|was|did|has)\b)"
    r"|\bof (?:the|these|those) (?:two|three)\b|\bthe same\b|^by how\b|\b(?:these|those)\b(?! who)"
    r"|\b(?:next|else|after|not|did it)\?$|\w (?<!is )(?<!was )(?:that|this|so|then) *\??$",
    re.IGNORECASE,
)
_WORD_ALONE = re.compile(
    r"(?P<wh>why|when|where|how|since when|by whom)(?: (?:was|is|did) (?:that|this)(?: happen)?)?\??", re.IGNORECASE
)
_WHICH_WAS_THAT = re.compile(r"(?P<wh>whose|(?:which|what) \w+)(?: \w+)? (?:was|is) (?:that|this)\??", re.IGNORECASE)
_OBJECT = re.compile(
    r"who (?!(?:is|was|are|were|do|did|does)\b)(?:(?:has|have|had|will) )?\w+ (?P<what>(?:the|an?) [^?,]{2,60})\?*$"
    r"|what (?:is|was|are|were) (?P<this>the [^?,]{2,40})(?<!ed)\?*$"
    r"|(?:(?:when|where|why|how) )?(?:is|was|were|are) (?P<done>the [\w ]{2,30}?) \w+(?:ed|en|ld)\?*$",
    re.IGNORECASE,
)
_NAME = rf"{CAPITAL}(?: (?:and )?{CAPITAL})*"
_CIRCUMSTANCE = r"\b(?:in|at|on|near|during|after|before|between) "
_CIRCUMSTANCE += rf"(?:{TIME}|the {_NAME}(?: [a-z]+(?=\?*$))?|{_NAME})"
_VAGUE_WORDS = frozenset(content_words("people many much killed died dead injured wounded hurt missing victims won"))
_EMPTY = re.compile(
    r"\b(?:is|was) it (?:true|possible|likely|clear|known|that)\b|\bit (?:takes?|took|rains?|snows?)\b"
    r"|\b(?:is|are|was|were|been|be) there (?=\w)|\bthere (?:is|are|was|were|has|have|will|be)\b|\bthere['’]s\b",
    re.IGNORECASE,
)
_POINTING = re.compile(
    r"\b(?P<which>that|this|the) (?:(?P<he>man|woman|person)|city|town|village|country|region|company|group|party|club"
    r"|team|bank)(?P<owns>['’]s)?\b(?! (?:of|in|at|on|for|that|who|which|where|with)\b)",
    re.IGNORECASE,
)
_ANTECEDENT = {
    "he": rf"\b(?:the|an?|which|whose) (?:[\w-]+ ){{0,2}}?(?:{ROLE})\b",
    "it": rf"\b(?:the|an|a|which|what) (?!(?:{AUXILIARY}|about)\b)(?!(?:[\w-]+ )?(?:{ROLE}|{PLURAL})\b)[a-z][\w-]+",
    "they": rf"\b(?:the|some|many|which|how many) (?:[\w-]+ ){{0,2}}?{PLURAL}\b",
    "there": r"(?!)",
}
_SUBORDINATE = r"\b(?:when|after|because|before|while|that|if|as|until|since)\b"


def _about_the_event(word: str, turn: _Turn, said: str) -> _Turn | None:
    """ "Why?" of "When did it fall?" is "Why did it fall?"; of "What did he do?", it is about the answer."""
    match = INVERTED.fullmatch(turn.question)
    if match and fold(match["wh"] or "") != fold(word):
        clause = match["clause"]
        return _Turn(f"{word.capitalize()} {clause[:1].lower()}{clause[1:]}?")
    sentence = re.split(r"(?<=\w\w)[.!?](?:\s|$)", re.sub(r"^(?:Yes|No)[,.] ", "", turn.answer))[0]
    if match or len(sentence.split()) not in range(3, 31):
        return None
    if PRONOUN.match(sentence):
        written = _written_out(sentence, [replace(turn, answer="")], said)
        sentence = written.question if written and written.meant else ""
    if not sentence:
        return None
    return _Turn(f"{word.capitalize()} was it that {lowered(sentence, said)}?")


def _circumstances(question: str) -> str:
    return " ".join(match.group() for match in re.finditer(_CIRCUMSTANCE, question))


def _fragment(text: str, said: str) -> str | None:
    """What a question without a verb puts in the place of something: "in Homs", "Iran", "the day before"."""
    if match := re.fullmatch(r"(?:what|how) about (\w.*?)\?*", text, re.IGNORECASE):
        return match.group(1)
    part = text.rstrip("?")
    if part == text or len(part.split()) > 6 or re.search(rf"\b{AUXILIARY}\b", part, re.IGNORECASE):
        return None
    first = fold(part.split()[0]) if part else ""
    if first in PREPOSITIONS | {"the", "its", "his", "her", "their", "before"} or re.fullmatch(TIME, part):
        return part[:1].lower() + part[1:]
    return part if any(name.text == re.sub(r"['’]s$", "", part) for name in names_in(part, said)) else None


def _instead(part: str, past: Sequence[_Turn], said: str) -> _Turn | None:
    """The last question with `part` in the place of its like, or at its end."""
    if PRONOUN.search(part):
        return _written_out(f"What about {part}?", past, said)
    asked = past[-1].question
    body = asked.rstrip("?")
    if match := re.fullmatch(
        r"(?:on |in )?the (?:day |year )?(?P<way>before|after|previous|next)(?: day| year)?", part
    ):
        time = re.search(TIME, body)
        step = 1 if match["way"] in ("after", "next") else -1
        return _Turn(body.replace(time.group(), _shifted(time.group(), step)) + "?") if time else None
    if time := re.fullmatch(rf"(?P<word>in|on|by|since|before|after)? ?{TIME}", part):
        old = re.search(rf"(?:\b(?:in|on|by|since|before|after) )?\b{TIME}", body)
        new = part if time["word"] or not old else re.sub(TIME + "$", part, old.group())
        return _Turn(f"{body.replace(old.group(), new) if old else f'{body} {new}'}?")
    names, part = names_in(body, said), re.sub(r"['’]s$", "", part)
    if (first := part.split()[0]) in PREPOSITIONS:
        like = "in|at|near" if first in ("in", "at", "near") else first
        old_names = [name for name in names if re.search(rf"\b(?:{like})(?: the)? $", body[: name.start])]
        if len(old_names) == 1:
            return _Turn(re.sub(rf"\b(?:{like})(?: the)? {re.escape(old_names[0].text)}", part, body) + "?")
        return None if old_names else _Turn(f"{body} {part}?")
    if part.startswith("the ") and (match := _OBJECT.match(asked)) and match["what"]:
        return _Turn(asked.replace(match["what"], part))
    kind = next((name.kind for name in names_in(part, said)), None)
    alike = [name for name in names if (name.kind == "person") == (kind == "person")]
    free = [name for name in alike if not re.search(r"\b(?:in|at|on|from|to|by) $", body[: name.start])]
    chosen = alike if len(alike) == 1 else free
    if kind is None or len(chosen) != 1 or body.startswith("How far"):
        return None  # which end of the way?
    return _Turn(f"{body[: chosen[0].start]}{part}{body[chosen[0].end :]}?")


def _shifted(time: str, step: int) -> str:
    if time in WEEKDAYS:
        return WEEKDAYS[(WEEKDAYS.index(time) + step) % 7]
    return str(int(time) + step) if time.isdigit() else f"the day {'after' if step > 0 else 'before'} {time}"


def _written_out(text: str, past: Sequence[_Turn], said: str) -> _Turn | None:
    """The question with its pronouns replaced, or with the circumstances it is asked in."""
    text = _POINTING.sub(lambda match: _as_pronoun(match, text, said), text)
    out, at, meant, seen = "", 0, list[str](), dict[str, bool]()
    empty = [match.span() for match in _EMPTY.finditer(text)]
    for match in PRONOUN.finditer(text):
        sort = SORTS.get(fold(match["it"]), "they")
        owning = owns(match, text)
        inside = any(start < match.end() and match.start("it") < end for start, end in empty)
        if inside or _is_bound(match, text, sort, said):
            continue
        if sort in seen:
            if owning or seen[sort] or re.search(_SUBORDINATE, text[at : match.start()]):
                continue
            return None  # "Why did it pass it?"
        seen[sort] = owning
        phrase = {"he": _person, "it": _thing, "they": _group, "there": _place}[sort](past, text, said)
        if phrase is None:
            return None
        meant.append(phrase)
        out += text[at : match.start()] + in_place_of(match, phrase, text)
        at = match.end()
    out += text[at:]
    return _Turn(out[:1].upper() + out[1:], "", tuple(meant)) if meant else _in_its_circumstances(text, past, said)


def _as_pronoun(match: re.Match[str], text: str, said: str) -> str:
    """ "that city" is "it"; "the city" too, if nothing else in the question says which."""
    word = "he" if match["he"] else "it"
    if fold(match["which"]) == "the" and (names_in(text, said) or PRONOUN.search(text)):
        return match.group()
    return {"he": "his", "it": "its"}[word] if match["owns"] else word


def _is_bound(match: re.Match[str], text: str, sort: str, said: str) -> bool:
    """Whether the pronoun means something in the question itself: "When did the army say it had withdrawn?".

    An object is never its own clause's subject ("How far is Hama from it?"): principle B of the binding theory.
    """
    before = text[: match.start("it")]
    noun = re.search(_ANTECEDENT[sort], before, re.IGNORECASE)
    kinds = {"he": ("person", "unknown"), "there": ("place", "unknown")}.get(sort, ("body", "place", "unknown"))
    names = [name for name in names_in(text, said) if name.end < match.start("it") and name.kind in kinds]
    if not (noun or names):
        return False
    if owns(match, text) or sort == "there":
        return True
    if re.search(rf"\b{AUXILIARY} $", before, re.IGNORECASE):
        return False
    verb_follows = re.match(rf" (?:{AUXILIARY}|\w+ed)\b", text[match.end("it") :])
    if fold(match["it"]) in ("he", "she", "they") or (sort == "it" and verb_follows):
        return True
    return re.search(_SUBORDINATE, before[(noun.end() if noun else names[0].end) :]) is not None


def _in_its_circumstances(text: str, past: Sequence[_Turn], said: str) -> _Turn | None:
    """ "How many died?" after "What happened in Hama?" is meant in Hama; a question with words of its own is not."""
    words = [word for word in content_words(text) if not word.isdigit()]
    if (len(words) > 1 and not set(words) <= _VAGUE_WORDS) or names_in(text, said):
        return _Turn(text)
    if re.fullmatch(r"(?:who|what) (?:is|was|are|were) the \w+\?*", text, re.IGNORECASE):
        phrase = _thing(past, text, said)
        return _Turn(f"{text.rstrip('?')} of {phrase}?", "", (phrase,)) if phrase else None
    if where := _circumstances(past[-1].question):
        return _Turn(f"{text.rstrip('?')} {where}?")
    return _Turn(text) if len(words) > 1 else None
