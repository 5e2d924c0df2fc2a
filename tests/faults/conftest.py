"""Profiles for the fuzz tests, and how many examples were really run.

`--hypothesis-profile fuzz` runs many, other ones every time; without it a few, always the same. A failure prints the
`@reproduce_failure` that shows it again; it goes into the test as an `@example`.
"""

from __future__ import annotations

from collections import Counter
from functools import wraps
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings

_EXAMPLES = pytest.StashKey[Counter[str]]()

# no deadline: other programs run beside the tests, and those that time something say what they time
_ALL: dict[str, Any] = {
    "deadline": None, "print_blob": True, "suppress_health_check": [*HealthCheck],
    "phases": set(Phase) - {Phase.explain},
}  # fmt: skip
settings.register_profile("fuzz", **_ALL)
settings.register_profile("few", **_ALL, derandomize=True)


def pytest_configure(config: pytest.Config) -> None:
    config.stash[_EXAMPLES] = Counter()


def pytest_itemcollected(item: pytest.Item) -> None:
    """Has each test of Hypothesis count the examples that it gets through."""
    found = getattr(getattr(item, "obj", None), "hypothesis", None)
    if found is None or hasattr(found.inner_test, "counted"):
        return
    test, counts, name = found.inner_test, item.config.stash.setdefault(_EXAMPLES, Counter()), item.nodeid

    @wraps(test)
    def counted(*arguments: Any, **named: Any) -> None:
        test(*arguments, **named)
        counts[name] += 1

    counted.counted = True  # type: ignore[attr-defined]
    found.inner_test = counted


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Adds what one of several processes ran."""
    node.config.stash[_EXAMPLES] += Counter(node.workeroutput.get("examples", {}))


def pytest_sessionfinish(session: pytest.Session) -> None:
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["examples"] = dict(session.config.stash[_EXAMPLES])


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    counts = config.stash.get(_EXAMPLES, Counter())
    if counts:
        told = f"Hypothesis: {counts.total():,} examples in {len(counts)} tests"
        terminalreporter.write_line(f"{told} ({settings.get_current_profile_name()})")
