"""The gate of CI: scores on part of dev that a change may raise, and lowers only with the reason in gate.toml."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple, Self

from evals.runs import Run
from evals.scoring import summarise
from index.errors import DatelineError

BARS = Path(__file__).with_name("gate.toml")


class Gate(NamedTuple):
    """How many cases of dev are asked, and what their mean scores must be."""

    cases: int
    at_least: Mapping[str, float]
    at_most: Mapping[str, float]

    @classmethod
    def load(cls, path: Path = BARS) -> Self:
        """Reads gate.toml. Raises DatelineError if it is not one."""
        try:
            found = tomllib.loads(path.read_text(encoding="utf-8"))
            return cls(int(found["cases"]), dict(found["at_least"]), dict(found["at_most"]))
        except (OSError, KeyError, ValueError, TypeError) as error:
            raise DatelineError(f"{path} is not a gate ({error}): it needs cases, [at_least] and [at_most].") from None

    def failures(self, run: Run, system: str = "dateline") -> list[str]:
        """What keeps it shut, one phrase each. A score that was not reached, or a failed case, keeps it shut too."""
        found = summarise(run.rows, [system])[system]
        said = [f"{row.case.id} failed ({row.outcome.error})" for row in run.failed(system)]
        for bars, shut in ((self.at_least, float.__lt__), (self.at_most, float.__gt__)):
            for name, bar in bars.items():
                summary = found.get(name)
                if summary is None or summary.mean is None:
                    said.append(f"{name} has no score")
                elif shut(float(summary.mean), float(bar)):
                    said.append(f"{name} is {summary.mean:.3f}, the bar {bar:g}")
        return said
