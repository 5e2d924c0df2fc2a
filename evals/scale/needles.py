"""Facts that are invented to be looked for: each stands in one article of an archive, and nowhere else."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from random import Random

from evals.scale.names import POOL, invented

# (as the article has it, as a question in other words has it)
_THINGS = [
    ("glass harp", "set of musical glasses"), ("weather balloon", "meteorological balloon"),
    ("steam tractor", "steam-driven farm engine"), ("beehive", "hive of bees"), ("stuffed walrus", "walrus trophy"),
    ("lighthouse lens", "lamp of a lighthouse"), ("chess computer", "chess machine"), ("wedding cake", "bridal cake"),
    ("fire engine", "fire truck"), ("dinosaur egg", "fossil egg"), ("church bell", "steeple bell"),
    ("racing pigeon", "homing pigeon"), ("submarine periscope", "U-boat's periscope"),
    ("carousel horse", "merry-go-round horse"), ("meteorite", "rock from space"), ("typewriter", "writing machine"),
    ("snow globe", "snow dome"), ("grand piano", "concert piano"), ("rocking chair", "rocker"),
    ("telescope mirror", "mirror of a telescope"),
]  # fmt: skip
_EVENTS = [
    (
        "{person}, a retired {job} from {place}, bought a {thing} at auction for {number} crowns.",
        "How many crowns did {person} of {place} pay for the {thing} at auction?",
        "How much money did a former {job} spend to acquire a {other}?",
    ),
    (
        "Police in {place} returned a stolen {thing} to {person} after {number} days.",
        "After how many days did police in {place} return the stolen {thing} to {person}?",
        "How long was a {other} missing before officers gave it back to its owner?",
    ),
    (
        "{person} carried a {thing} over {number} metres through {place} and set a record.",
        "Over how many metres did {person} carry a {thing} through {place}?",
        "What distance was covered by the record holder who hauled a {other}?",
    ),
    (
        "A {thing} that {person} had repaired for the museum of {place} weighs {number} grams.",
        "How many grams does the {thing} weigh that {person} repaired for the museum of {place}?",
        "How heavy is the {other} that was restored for an exhibition?",
    ),
    (
        "In {place}, {person} insured a {thing} for {number} dollars, according to the company.",
        "For how many dollars did {person} in {place} insure a {thing}?",
        "What cover did someone take out in case of damage to a {other}?",
    ),
    (
        "Workers digging a tunnel near {place} found a {thing} {number} centimetres below ground, {person} said.",
        "How many centimetres below ground near {place} was the {thing} found that {person} spoke of?",
        "How deep was the {other} buried that labourers came upon?",
    ),
    (
        "{person}, {job} of {place}, was fined {number} francs for leaving a {thing} on the tramway.",
        "How many francs was {person} of {place} fined for leaving a {thing} on the tramway?",
        "What penalty was imposed for abandoning a {other} on the tracks of a streetcar?",
    ),
    (
        "The school of {place} sold {number} raffle tickets for a {thing} that {person} had donated.",
        "How many raffle tickets did the school of {place} sell for the {thing} that {person} donated?",
        "How many people's chances in a lottery did pupils sell to win a {other}?",
    ),
    (
        "A {thing} built by {person} broke down {number} times on its way to {place}.",
        "How many times did the {thing} built by {person} break down on its way to {place}?",
        "How often did a home-made {other} fail during its journey?",
    ),
    (
        "A storm blew a {thing} owned by {person} from {place} across the border, {number} kilometres away.",
        "How many kilometres did a storm blow the {thing} owned by {person} of {place}?",
        "How far did strong winds transport a {other} into a neighbouring country?",
    ),
]
_FIRST_NAMES = "Anna Boris Clara David Elena Frank Greta Henry Irene Jonas".split()
_JOBS = "baker plumber dentist gardener pilot librarian carpenter nurse postman teacher".split()
NEEDLES = len(_THINGS) * len(_EVENTS)
"""There are not more of them."""


@dataclass(frozen=True, slots=True)
class Fact:
    """A sentence, the one question that it answers, and what the answer is."""

    sentence: str
    question: str
    paraphrase: bool
    """Whether the question is in other words than the sentence, without its names."""
    answer: str


def facts(seed: int) -> list[Fact]:
    """`NEEDLES` of them, no two with a surname, place or number in common, every other with a paraphrased question."""
    random = Random(f"needles {seed}")
    pairs = list(product(_THINGS, _EVENTS))
    random.shuffle(pairs)
    numbers, names = random.sample(range(1100, 9900), len(pairs)), _names(random)
    found = list[Fact]()
    for at, ((thing, other), (sentence, question, paraphrased)) in enumerate(pairs):
        fill = {
            "person": f"{random.choice(_FIRST_NAMES)} {next(names)}", "place": next(names), "job": random.choice(_JOBS),
            "thing": thing, "other": other, "number": f"{numbers[at]:,}",
        }  # fmt: skip
        asked = (paraphrased if at % 2 else question).format_map(fill)
        found.append(Fact(sentence.format_map(fill), asked, bool(at % 2), fill["number"]))
    return found


def _names(random: Random) -> Iterator[str]:
    yield from map(invented, random.sample(range(POOL, 2 * POOL), 2 * NEEDLES))
