"""Whose word is it? What a party claims is not stated as a fact, nor given to another party.

Where the rules are not sure, a sentence stays as it is and nothing is held against it. The claims of a quote are read
in `rag.claims`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from rag.claims import PRONOUN, Claim, find_claims, own_subject
from rag.days import CALENDAR_WORDS, find_days
from rag.facts import roots
from rag.words import STOPWORDS, find_names, find_numbers, name_stands_in

_SAYING = (
    r"(?:said|says?|saying|claim\w*|announc\w+|argu\w+|insist\w*|alleg\w+|tells?|told|warn\w*|report(?:s|ed)?|admit\w*"
    r"|accus\w+|blam\w+|den(?:y|ied|ies)|describ\w+|quoted?|confirm\w*|stated|stating|acknowledg\w+)"
)
_ATTRIBUTED = re.compile(
    rf"\b(?:according to|own account|in the words of|reportedly|allegedly|{_SAYING})\b", re.IGNORECASE
)
_ASKS_WHO = re.compile(
    rf"\bwho(?:m|se)?\b.*\b(?:{_SAYING}|words)\b|\baccording to (?:who|which|what)"
    rf"|\bwhich\s[\w’' -]{{1,40}}?\s{_SAYING}\b",
    re.IGNORECASE,
)
_ASKS_OF_THE_CLAIM = re.compile(  # when, where or how it was made
    r"\b(?:when|where|why|how|(?:what|which) (?:date|day|week|month|year|time|channel|app))\b.*"
    rf"\b(?:did|do|does|has|have|had|was|were|is|are)\b[\w’' -]{{1,60}}?\b{_SAYING}\b",
    re.IGNORECASE,
)
_YES_OR_NO = re.compile(r"(?P<word>Yes|No)(?:[,:;.!]|\s[–—]|$)\s*")
_PLURALS = frozenset(
    """police insurgents rebels officials prosecutors scientists researchers doctors witnesses lawyers residents workers
    experts analysts critics authorities activists campaigners protesters fighters troops soldiers investigators
    regulators judges officers engineers astronomers economists farmers teachers lawmakers senators militants medics
    rescuers relatives sources supporters opponents""".split()
)
_BODIES = frozenset(
    """army military government regime company firm bank union club court ministry agency team party group channel
    council committee observatory monitor regulator airline university institute newspaper parliament prosecution
    defence defense commission association federation navy police organisation organization department office
    league board authority country state city""".split()
)
_CAMPS = [
    ("army military troops soldiers government regime", "insurgents rebels opposition fighters gunmen militants"),
    ("prosecutor prosecution", "defence defense defendant"),
    ("police", "protesters demonstrators suspect"),
    ("union workers strikers", "company management employer firm"),
]


_BEFORE_NAMES = frozenset(  # they are no names, though a name may follow
    """the a an in on at by for from after before during since when while if although because as its their his her our
    my this that these those some many several most few all both each every no one about over under among hundred
    hundreds thousand thousands million millions billion dozens scores half""".split()
)
_COMMON = frozenset("people men women children prices money water food work".split())
_NAMES_IN_S = frozenset(
    """wales brussels athens reuters mercedes james charles rogers netherlands philippines lagos naples cannes forbes
    sanders jones hughes evans peters sanders adams waters""".split()
)


def attributed(sentence: str, quote: str, question: str) -> str:
    """`sentence`, with its claimant in front if `quote` gives it as somebody's word: "According to the army, …".

    It stays as it is when it says so already, when the quote says it in the reporter's own voice, when the question
    asks who said it, names the speaker or is about the claim itself, and when it takes the speaker for the doer.
    """
    if _ATTRIBUTED.search(sentence) or _ASKS_WHO.search(question) or _ASKS_OF_THE_CLAIM.search(question):
        return sentence
    claims, answer = find_claims(quote), _YES_OR_NO.match(sentence)
    plain = sentence[answer.end() :] if answer else sentence
    claim = _source(_matter(plain, question, claims), quote, claims)
    if claim is None or _names_speaker(question, claim) or wrong_doer(plain, quote):
        return sentence
    claimant, said = frozenset(roots(claim.claimant)), roots(plain)
    according = f"according to {_in_mid_sentence(claim.claimant, quote)}"
    if not said:
        return f"{answer['word']}, {according}." if answer else sentence
    if claimant.issuperset(said):
        return sentence  # the speaker is the whole answer
    rest = _in_mid_sentence(plain, f"{quote} {question}")
    if said[0] in claimant and not re.match(r"(?:\w+ ){0,4}?[\w-]+(?:['’]s|s['’])\s", plain):
        if _of_itself(claim, quote):
            according = f"by {_own(claim, quote)} own account"
        else:
            pronoun, behind = _pronoun(claim.claimant), _behind(plain, claim.claimant)
            if pronoun is None or behind is None or _says_that(behind):
                return sentence
            rest = f"{pronoun}{behind}"
    return f"{answer['word']}, {according}, {rest}" if answer else f"{according[0].upper()}{according[1:]}, {rest}"


def wrong_speaker(sentence: str, quote: str) -> str | None:
    """Why the speaker that `sentence` names is not the one `quote` has for it; None where either is unclear."""
    claims = find_claims(quote)
    for said in find_claims(sentence):
        matter = frozenset(roots(sentence[said.start : said.end]))
        actual = [claim for claim in claims if _share(matter, quote[claim.start : claim.end]) > 0.5]
        if not actual or _share(matter, _reported(quote, claims)) > 0.5 or PRONOUN.match(said.claimant):
            continue
        if all(_differ(said.claimant, claim.claimant) for claim in actual):
            return f"the quote is {_whose(actual[0].claimant, quote)}, not {_whose(said.claimant, quote)}"
    return None


def _matter(sentence: str, question: str, claims: Sequence[Claim]) -> frozenset[str]:
    """What the sentence says beyond the question; of a bare date, what the question asks the date of."""
    for day in find_days(sentence, None)[::-1]:
        sentence = sentence[: day.start] + sentence[day.end :]
    days = {word for name in CALENDAR_WORDS for word in roots(name)}
    speakers = {word for claim in claims for word in roots(claim.claimant)}
    said, asked = (frozenset(roots(text)) - days - speakers for text in (sentence, question))
    matter = said - asked or said | asked - {"date", "day", "year", "month"}
    return matter - {"use", "make", "take", "happen"} or matter


def _source(matter: frozenset[str], quote: str, claims: Sequence[Claim]) -> Claim | None:
    """The claim that has most of `matter`, unless the reporter says as much of it."""
    best = max(claims, key=lambda claim: _share(matter, quote[claim.start : claim.end]), default=None)
    if best is None or not matter:
        return None
    share = _share(matter, quote[best.start : best.end])
    return best if share > 0.5 and share > _share(matter, _reported(quote, claims)) else None


def _share(matter: frozenset[str], text: str) -> float:
    return len(matter.intersection(roots(text))) / len(matter) if matter else 0.0


def _reported(quote: str, claims: Sequence[Claim]) -> str:
    """`quote` without its claims: what the reporter says."""
    for claim in sorted(claims, key=lambda claim: -claim.start):
        quote = f"{quote[: claim.start]} {quote[claim.end :]}"
    return quote


def _names_speaker(question: str, claim: Claim) -> bool:
    if not re.search(rf"\b(?:{_SAYING}|according to|words of)\b", question, re.IGNORECASE):
        return False
    asked, speaker = frozenset(roots(question)), frozenset(roots(claim.claimant))
    sides = [frozenset(roots(side)) for camps in _CAMPS for side in camps]
    return bool(asked & speaker) or any(asked & side and speaker & side for side in sides)


def _of_itself(claim: Claim, quote: str) -> bool:
    """Whether the claimant speaks of itself."""
    said = quote[claim.start : claim.end]
    if re.match(r"\W*(?:it|they|he|she|we|I|its|their|his|her|our|my)\b", said):
        return True
    subject = own_subject(said)
    return subject is not None and not frozenset(roots(subject)).isdisjoint(roots(claim.claimant))


def _own(claim: Claim, quote: str) -> str:
    """its, their, his or her: as the quote has it, else by the claimant's form."""
    first = quote[claim.start : claim.end].split()[0].lower()
    pronoun = {"it": "its", "they": "their", "he": "his", "she": "her"}.get(first)
    return (
        pronoun or {"it": "its", "they": "their"}.get(_pronoun(claim.claimant) or "") or _whose(claim.claimant, quote)
    )


def _pronoun(claimant: str) -> str | None:
    """it for a body, they for several; None for whom it may be he or she."""
    head = _head(claimant)
    if head.lower() in _PLURALS or (re.search(r"[^s]s$", head) and re.match(r"The [a-z]|[a-z]|\w+s$", claimant)):
        return "they"
    return "it" if head.lower() in _BODIES else None


def _in_mid_sentence(words: str, context: str) -> str:
    """`words` with a small first letter, unless the first word is a name."""
    first = re.match(r"[\w’'-]+", words)
    if first is None or re.match(r"I\b|[A-Z]{2}|\w+[A-Z]|[A-Z]\w{1,4}\. [A-Z]|(?:Mr|Mrs|Ms|Dr)\b", words):
        return words
    word = first.group().lower()
    if re.search(rf"(?<=\w )(?-i:{re.escape(first.group())})\b", context) and word not in STOPWORDS:
        return words  # capitalised in the middle of a sentence too
    if re.match(r"\w+ [A-Z]", words) and not (word in _BEFORE_NAMES or find_numbers(word)):
        return words  # "Rami Lund"
    return words[0].lower() + words[1:] if _is_common(first.group(), words, context) else words


def _is_common(first: str, words: str, context: str) -> bool:
    word = first.lower()
    if word in STOPWORDS | _PLURALS | _BEFORE_NAMES | _COMMON or find_numbers(word):
        return True
    if frozenset(roots(word)) & frozenset(
        root for small in re.findall(r"\b[a-z]{3,}", context) for root in roots(small)
    ):
        return True
    if not find_names(first, question=True) or re.search(r"\w{3}(?:tion|sion|ness|ship|ment)s?$", word):
        return True  # "Injured", "Recently", "Inflation"
    return word not in _NAMES_IN_S and re.match(r"\w+[^\Wsuai]s [a-z]", words) is not None


def _differ(one: str, two: str) -> bool:
    """Whether two speakers are clearly not the same: opponents, or two names, with no word in common."""
    words, others = frozenset(roots(one)), frozenset(roots(two))
    if words & others:
        return False
    if _opposed(one, two):
        return True
    if not all(text.split()[-1][:1].isupper() and text.lower() not in _PLURALS for text in (one, two)):
        return False  # "HTS’s leader" may be anybody
    return not any(
        name_stands_in(name, b, loosely=True) for a, b in ((one, two), (two, one)) for name in find_names(f"by {a}")
    )


def _whose(claimant: str, quote: str) -> str:
    name = _in_mid_sentence(_name(claimant), quote)
    return f"{name}’" if name.endswith("s") else f"{name}’s"


def _name(claimant: str) -> str:
    """ "the Observatory’s chief, Rami Abdurrahman" without the title."""
    name = claimant.rsplit(", ", 1)[-1]
    return name if name[:1].isupper() else claimant


def _head(claimant: str) -> str:
    """The noun that a claimant's name rests on: "Observatory" of "the Observatory for Human Rights"."""
    front = re.split(r"\s(?:of|for|in|at|from|on|with|to|who|identified|known)\s", _name(claimant))[0]
    return (front.split() or [""])[-1]


# ------------------------------------------------------------------------------------------------ who did it

_THINKS = re.compile(
    r"\b(?:expect|think|believ|predict|forecast|hop|fear|want|plan|propos|found|see|call)(?:e?[sd]?|ing)\b"
)
_OPENING = re.compile(
    r"\W*(?:(?:On|In|At|By|After|Before|Since|During|Last|This)\b[^,]{1,40},\s*"
    r"|(?:However|Meanwhile|Later|Earlier|Today|Yesterday|Now),?\s)?"
)
_HELPS = (
    r"(?:(?:is|are|was|were|be|been|being|has|have|had|will|would|can|could|may|might|must|should|did|does|do|of|having|not"
    r"|now|also|still|already|then|later|soon|\w+ly)\s+)*"
)
_BE = re.compile(r"\b(?:is|are|was|were|be|been|being)\s+(?:now\s|also\s|already\s|not\s|\w+ly\s)*$")
_ACCIDENTAL = frozenset(  # a quote that does not say who did these does not mean its speaker
    """kill wound injur shoot attack bomb murder kidnap abduct poison rob steal hack burn destroy damag torch loot
    shell stab beat assault rape tortur""".split()
)
_NO_AGENT = re.compile(
    r"(?:the|an?)?\s*(?:\d|end\b|weekend|deadline|time\b|margin|vote|way\b|wide|year|month|summer|winter|\w+ing\b)",
    re.I,
)
_TOGETHER = [  # what the one does may be said of the other
    "police officer detective",
    "company firm management manager staff employee worker board owner",
    "government minister president ministry cabinet state country",
    "team side squad club",
    "team side squad coach captain manager player",
    "driver car bus truck lorry vehicle",
    "pilot plane jet aircraft airline crew flight",
    "court judge jury",
]
_MEMBERS = frozenset(
    """troop forc soldier jet plane warplan drone aircraft ship rocket spacecraft probe rover satellit staff crew team
    engin offic player member unit missil doctor nurs driver worker teacher diver ranger firefight lawyer scientist
    guard sailor""".split()
)


def wrong_doer(sentence: str, quote: str) -> str | None:
    """Why the one who did it, in `sentence`, only reports in `quote` that another did; None where that is unclear."""
    plain = _YES_OR_NO.sub("", sentence, count=1)
    if _ATTRIBUTED.search(plain) or _THINKS.search(plain):
        return None
    claims = find_claims(quote)
    matter = _matter(plain, "", claims)
    carrying = [claim for claim in claims if _share(matter, quote[claim.start : claim.end]) > 0.6]
    if not carrying or _share(matter, _reported(quote, claims)) > 0.5:
        return None
    reasons = [_taken_for_doer(plain, claim, quote) for claim in carrying]
    return reasons[0] if all(reasons) else None


def _taken_for_doer(sentence: str, claim: Claim, quote: str) -> str | None:
    """The reason why the claimant, as the subject of `sentence`, stands for another one; None if it may be right."""
    behind = _behind(sentence, claim.claimant)
    said = quote[claim.start : claim.end]
    subject = own_subject(said)
    verb = re.match(rf"\s+{_HELPS}([\w-]+)", behind or "")
    if behind is None or verb is None or subject is None or _says_that(behind):
        return None
    for word in re.finditer(r"[\w-]+", subject):
        if word.start() and roots(word.group()) == roots(verb[1]):
            subject = subject[: word.start()].rstrip()  # "volunteers drank four cups": the sentence knows the verb
            break
    after = said[said.index(subject) + len(subject) :]
    deeds = re.finditer(rf"(?:^|\band)\s+{_HELPS}([\w-]+)", re.split("[,;:–—(]", after)[0])
    done = next((deed for deed in deeds if roots(verb[1]) and roots(deed[1]) == roots(verb[1])), None)
    if done is None:
        return None
    suffers, suffered = (_is_passive(text, match) for text, match in ((behind, verb), (after, done)))
    speaker = _in_mid_sentence(_name(claim.claimant), quote)
    if suffered and not suffers:
        doer = _agent(after[done.end() :])
        if doer is None and roots(verb[1])[0] in _ACCIDENTAL and not _opposed(subject, claim.claimant):
            return f"the quote does not say that {speaker} did that"
    else:
        doer = subject if suffers == suffered and not set(roots(subject)) & set(roots(sentence)) else None
    if doer is None or not roots(doer) or _are_one(doer, claim.claimant):
        return None
    return f"the quote says that of {_in_mid_sentence(doer, quote)}, not of {speaker}"


def _behind(sentence: str, claimant: str) -> str | None:
    """What stands in `sentence` behind `claimant` as its subject; None if it begins with something else."""
    words, head, end, met = frozenset(roots(claimant)), roots(_head(claimant)), 0, False
    opening = _OPENING.match(sentence)
    for match in re.compile(r"[\w’'.-]+|[^\s\w]").finditer(sentence, opening.end() if opening else 0):
        word, found = match.group(), roots(match.group())
        acronym = word.isupper() and len(word) > 2 and name_stands_in(word, claimant)
        if acronym or (found and words.issuperset(found)):
            met = met or acronym or found == head
            end = match.end()
        elif word.lower() not in ("the", "a", "an", "of", "for", "and", "in", "at", "mr.", "mrs.", "ms.", "dr."):
            break
    return sentence[end:] if met and not re.search(r"['’]s?$", sentence[:end]) else None


def _says_that(behind: str) -> bool:
    """Whether the sentence gives its subject's word by a verb that no list has: "ruled that", "showed that"."""
    return re.match(rf"\s+{_HELPS}\w+\s+that\b", behind) is not None


def _is_passive(text: str, verb: re.Match[str]) -> bool:
    return _BE.search(text[: verb.start(1)]) is not None and not verb[1].endswith("ing")


def _agent(after: str) -> str | None:
    """By whom something was done."""
    by = re.match(r"[^,;:–—]*?\bby\s+", after)
    agent = own_subject(after[by.end() :]) if by else None
    if agent is None or _NO_AGENT.match(agent) or agent.split()[0] in CALENDAR_WORDS:
        return None
    return agent if re.match(r"[A-Z]|the\s|an?\s", agent) or agent.endswith("s") else None


def _are_one(one: str, two: str) -> bool:
    """Whether what `one` did may be said of `two`: its members, its name by another word."""
    words, others = frozenset(roots(one)), frozenset(roots(two))
    sides = [frozenset(roots(side)) for side in [*_TOGETHER, *(side for camps in _CAMPS[:3] for side in camps)]]
    if words <= _MEMBERS or words & others or any(words & side and others & side for side in sides):
        return True
    pairs = ((one, two), (two, one))
    return any(name_stands_in(name, b, loosely=True) for a, b in pairs for name in find_names(f"by {a}"))


def _opposed(one: str, two: str) -> bool:
    words, others = frozenset(roots(one)), frozenset(roots(two))
    camps = [tuple(frozenset(roots(side)) for side in camp) for camp in _CAMPS]
    return any((words & a and others & b) or (words & b and others & a) for a, b in camps)
