"""How soon the passages are on the screen after Enter, measured in a browser: `make page-speed DATA=FOLDER`.

    python tests/page_speed.py FOLDER [QUESTIONS.jsonl]

Without a file of questions ("question" in each line) the gold questions on the seeds are asked. The real engine is
stopped as soon as the passages are there.
"""

import json
import statistics
import sys
from pathlib import Path

from app_helpers import with_the_real_model
from browser_fixtures import launch
from index_helpers import ROOT
from playwright.sync_api import sync_playwright

COUNT = 40
# the clock of the page itself: from the key to the frame after the passages are in the document
_WATCH = """
() => new Promise(done => {
  let begun = null;
  addEventListener('keydown', event => { if (event.key === 'Enter') begun = performance.now(); }, {capture: true});
  const look = () => begun !== null && document.querySelector('#live .found blockquote')
    ? requestAnimationFrame(() => done(performance.now() - begun)) : requestAnimationFrame(look);
  look();
})
"""


def main(folder: Path, questions: Path) -> None:
    lines = [json.loads(line) for line in questions.read_text(encoding="utf-8").splitlines() if line.strip()]
    asked, times = [line["question"] for line in lines if not line.get("history")], []
    with with_the_real_model(folder) as url, sync_playwright() as playwright:
        page = launch(playwright).new_page()
        page.goto(url)
        page.locator("#talk .empty").wait_for()
        for question in asked[:: max(1, len(asked) // COUNT)][:COUNT]:
            page.locator("#box textarea").fill(question)
            page.evaluate(f"window.seen = ({_WATCH})(); 0")
            page.locator("#box textarea").press("Enter")
            times.append(page.evaluate("window.seen"))
            page.locator("#stop").click()
            page.locator("#send").wait_for()
    quantiles = statistics.quantiles(times, n=20)
    print(f"{len(times)} questions, {folder.name}: passages on the screen after (ms)")
    print(f"median {quantiles[9]:.0f}, 95th percentile {quantiles[18]:.0f}, slowest {max(times):.0f}")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]) if len(sys.argv) > 2 else ROOT / "evals" / "gold" / "seeds.jsonl")
