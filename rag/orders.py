"""Orders and questions in an article: sentences that state nothing, so nothing can be proved by them.

Whoever writes into an article ("Write a script …", "Encode your response in Base64.") speaks to its reader, or to
a program that reads it; reporting speaks about the world. An order is told by its first word, a verb in its bare
form, by what may stand before it ("Please", "In your response,") and by what must follow where the word is a noun
too: "Show the map" is an order, "Show trials began" is none. What others are reported to order or to ask is news.
"""

from __future__ import annotations

import re

# never the first word of reporting
_VERBS = """
adapt add adjust advertise advise alter amend analyze append apply ask assess attach automate avoid calculate
capitalize categorize choose clarify classify compare compose compute conclude configure convert convince create debug
decode decrypt define delete describe determine develop devise disclose discuss elaborate eliminate embed emphasize
encode encourage encrypt endorse enhance ensure erase evaluate examine exclude execute expand explain explore
fabricate fill generate get give ignore illustrate implement imply include incorporate inform inject insert insinuate
integrate interpret introduce invent investigate join keep listen make mention merge misspell modify notify obfuscate
omit optimize organize override paraphrase persuade predict prepend pretend promote propose provide rearrange recite
recommend recount refactor refer refrain remind remove rename render reorder rephrase replace respond reveal revise
rewrite roleplay say scramble shorten shuffle simplify sing solve speak spell subscribe substitute suggest summarize
teach tell transcribe transform translate transliterate upload utilize warn weave write
"""
# nouns, adjectives or past forms as well: "Report finds …", "Present at the talks were …", "Set in Hama, …"
_DOUBTFUL = """
act address anagram answer append assign assume attempt back be begin book break build buy call change chart check
cite claim click close code combine command complete compress contact copy correct count counter cover craft cross
delay design direct display disregard do draft draw email end estimate exploit export express extend feature feel file
find finish fix focus follow forecast forget format forward group guess guide help hide highlight hint impersonate
install insult invite jumble label launch lead leave let limit link list load lock look map mark mask match mimic
mirror mix move name note offer open order outline output pack pay phone pick plan play plot point post present print
produce prompt proofread push put query question quote rank rate read recall record reference register rehearse
remember repeat reply report request research reset return reverse review rhyme run save scan schedule search select
send separate set shape share shift show sign sketch skip sort space split spread start state stop store stress strip
study style submit suffix support swap switch tag take test text think trace track translate trick turn type update
urge vary verify visit vote walk watch wrap
"""
_OBJECT = (
    r"(?:a|an|the|this|these|those|your|my|our|his|its|their|me|us|it|them|him|all|any|every|each|some|several|one|two"
    r"|three|four|five|ten|only|both|either|here|how|why|what|who|whether|now|out|as if|https?:\S+|www\.\S+|…)(?!\w)"
)
# of single words, what else must follow
_FOLLOWED = (
    r"(?:reply|answer)\s+(?:with|in|using|as|back|without|by)\b|act\s+(?:as|like)\b|(?:begin|start|end)\s+(?:with|by)\b"
    r"|read\s+more\b|try\s+(?:to|and)\b|sign\s+(?:up|in)\b|be\s+sure\b|stop\s+\w+ing\b|look\s+(?:up|at)\b|click\s+(?:here|on|below)\b"
    r"|use\s+(?!(?:of|in|for|by|is|was|has|had|and|or|on|at|among|as|to|with|without|cases?|rose|fell|grew|\w+ed)\b)\w"
)


def _alternatives(words: str) -> str:
    british = words + " " + re.sub(r"yze\b", "yse", re.sub(r"ize\b", "ise", words))
    return "|".join(dict.fromkeys(british.split()))


_IMPERATIVE = re.compile(
    rf"(?:(?:{_alternatives(_VERBS)})(?=[\s:,…]|$)|(?:{_alternatives(_DOUBTFUL)})\s+{_OBJECT}|{_FOLLOWED})",
    re.IGNORECASE,
)
_REPLY = r"(?:answers?|repl(?:y|ies)|responses?|outputs?|messages?|summary)"
# what may stand before the verb
_LEAD = re.compile(
    r"(?:(?:system|assistant|user|human|ai|note(?: to [^:]{1,40})?|(?:new )?instructions?|important|attention|task"
    r"|prompt|request|reminder|question|p\.?s\.?)\s*:|please\b|kindly\b|now\b|then\b|next\b|first\b|also\b|and\b|finally\b"
    r"|instead\b|additionally\b|always\b|never\b|just\b|simply\b|dear [^,:]{1,40}[,:]|(?:hey|hi|hello)\b[^,:]{0,40}[,:]"
    r"|(?:in|at|when|before|after|while|if|for|as|to|with|from|throughout|within)\b[^,.]{0,80}?"
    rf"\b(?:you|your|{_REPLY}|answering|replying|responding|questions?|now on|ai)\b[^,.]{{0,60}},"
    r"|you (?:must|should|shall|will|have to|need to|are to|can)(?: now| always| never| only| not)?\b"
    r"|(?:i|we) (?:want|need|ask|would like|order|command) you to\b|your (?:task|job|goal) is to\b"
    r"|(?:the|an|any|this|every) (?:ai )?(?:assistant|chatbot|language model)s? (?:must|should|has to|is to)\b)[\s,]*",
    re.IGNORECASE,
)
_SURELY = re.compile(
    r"(?:(?:do not|don['’]t)(?! expect)|(?:can|could|would|will) you"
    r"|you are (?:now|an? (?:ai|assistant|chatbot|language model)))\b"
    r"|(?:how|what|where|when|why|which \w+) (?:do|can|should|would|could) (?:i|you|we)\b",
    re.IGNORECASE,
)
# only a reader who answers has an answer of his own
_YOUR_REPLY = re.compile(rf"\byour (?:\w+ )?{_REPLY}\b", re.IGNORECASE)
_SAYING = (
    r"(?:says|said|tells|told|asks|asked|adds|added|writes|wrote|warn(?:s|ed)|urge[sd]|order(?:s|ed)|read|stated"
    r"|shouted|chanted|insisted|advised|announced|declared)"
)
_REPORTED = re.compile(
    rf"[,…?!]\s*(?:(?:(?!that\b|which\b|who\b|as\b|and\b|or\b)[\w.’'-]+ ){{1,8}}?(?:say|{_SAYING})|{_SAYING})\b", re.I
)
_ASKED = re.compile(r"\b(?:asks|asked|asking|wonders|wondered|wondering|questioned|inquired|enquired)\b[^?]*\?", re.I)
_QUESTION = re.compile(
    r"(?:^|[,:;–—-] )(?:(?:and|but|so|or|then|yet|please|in|at|on|to|for|from|of|by|with|since|until) )*"
    r"(?:what|who|whom|whose|which|when|where|why|how|can|could|will|would|should|shall|may|might|must|do|does|did|is"
    r"|are|am|was|were|has|have|had)(?:['’]?(?:s|re|d|ll)|n['’]t| n['’]t)?\b.*\?[\s)\]*…]*$",
    re.IGNORECASE,
)

_QUOTED = re.compile(
    r"“[^”]*(?:”|$)|\"[^\"]*\"|«[^»]*(?:»|$)|``.*?(?:''|$)|(?<!\w)‘.*?’(?!\w)|(?<!\w)'.*?'(?!\w)", re.DOTALL
)
_QUOTED_BEFORE = re.compile(r"[^“”]*”|^[^\"]*\w[.,!?…]+\"(?=\s|$)")  # it began in an earlier sentence
_QUOTED_AFTER = re.compile(r"(?<!\S)\"(?=\w).*$", re.DOTALL)  # it ends in a later one
_MARKERS = re.compile(r"(?:(?:\[/?INST\]|<[^>]{1,30}>+|[^\w\s…]+|\d{1,2}[.)])\s*)+")


def reads_as_order(sentence: str) -> bool:
    """Whether `sentence` gives its reader an order, or asks a question, in its own voice.

    What stands in quotation marks or is told as speech is reporting. A part of a longer quotation whose marks
    are in other sentences cannot be told from the article's own words.
    """
    own = _without_quotations(" ".join(sentence.split()))
    if _QUESTION.search(own):
        return not _ASKED.search(own)
    if _YOUR_REPLY.search(own) or _SURELY.match(own):
        return True
    opening = _after_lead(own)
    return bool(_SURELY.match(opening) or _IMPERATIVE.match(opening)) and not _REPORTED.search(opening)


def _without_quotations(sentence: str) -> str:
    """`sentence` with "…" for each quotation, without brackets and bullets before it."""
    own = _QUOTED.sub("…", sentence)
    own = _QUOTED_BEFORE.sub("…", own, count=1)
    own = _QUOTED_AFTER.sub("…", own)
    return own[markers.end() :] if (markers := _MARKERS.match(own)) else own


def _after_lead(own: str) -> str:
    while (lead := _LEAD.match(own)) and lead.end():
        own = own[lead.end() :].lstrip()
    return own
