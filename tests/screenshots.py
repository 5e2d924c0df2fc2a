"""Pictures of the page in each of its states, with the real model: `make screenshots` puts them into docs/.

python tests/screenshots.py [FOLDER]
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from app_helpers import with_the_real_model
from browser_fixtures import launch
from model_hub import first_run, model_hub
from PIL import Image
from playwright.sync_api import Browser, Page, expect, sync_playwright

ROOT = Path(__file__).parent.parent
DESK, PHONE = {"width": 1280, "height": 800}, {"width": 390, "height": 844}
QUESTION = "Who heads the Syrian Observatory for Human Rights?"
UNANSWERED = "How many soldiers did Turkey send to Hama?"
DIFFER = {
    "monday.txt": " date 2026-03-02 The ferry Aurora sank off Tallin Point. The harbour master said 14 people died.",
    "tuesday.txt": " date 2026-03-03 Divers went down to the ferry Aurora. The coast guard said 17 people died.",
}


class Camera:
    """Takes the pictures."""

    def __init__(self, browser: Browser, folder: Path) -> None:
        self._browser, self._folder = browser, folder

    @contextmanager
    def page(self, url: str, **options: Any) -> Iterator[Page]:
        context = self._browser.new_context(**({"viewport": DESK} | options))
        page = context.new_page()
        page.set_default_timeout(120_000)
        page.goto(url)
        page.locator("#talk .empty").wait_for()
        yield page
        context.close()

    def take(self, page: Page, name: str) -> None:
        page.wait_for_timeout(400)  # fonts, and what slides in
        path = self._folder / f"app-{name}.png"
        page.screenshot(path=path)
        Image.open(path).convert("RGB").quantize(64).save(path, optimize=True)  # a third of the size
        print(f"app-{name}.png")


def ask(page: Page, question: str) -> None:
    before = page.locator("#talk .turn").count()
    page.locator("#box textarea").fill(question)
    page.keyboard.press("Enter")
    expect(page.locator("#talk .turn")).to_have_count(before + 1, timeout=120_000)


def over_the_seeds(camera: Camera, url: str) -> None:
    with camera.page(url) as page:
        camera.take(page, "empty")
        page.locator("#box textarea").fill(QUESTION)
        page.keyboard.press("Enter")
        page.locator("#live .found blockquote").first.wait_for()
        camera.take(page, "answering")
        page.locator("#talk .chip").first.wait_for()
        camera.take(page, "answer")
        page.locator("#talk .chip").first.click()
        page.locator("#here").wait_for()
        camera.take(page, "pane")
        page.keyboard.press("Escape")
        ask(page, UNANSWERED)
        page.locator(".refusal").scroll_into_view_if_needed()
        camera.take(page, "refusal")
    with camera.page(url) as page:
        page.goto(f"{url}/articles")
        page.locator("#corpus tbody tr").first.wait_for()
        page.locator(".js-plotly-plot .bars").first.wait_for()
        camera.take(page, "articles")
    for name, options in {"dark": {"color_scheme": "dark"}, "phone": {"viewport": PHONE}}.items():
        with camera.page(url, **options) as page:
            ask(page, QUESTION)
            camera.take(page, name)


def over_articles_that_differ(camera: Camera, url: str) -> None:
    with camera.page(url) as page:
        ask(page, "How many people died on the ferry Aurora?")
        camera.take(page, "conflict")


def the_first_run(camera: Camera, scratch: Path) -> None:
    with model_hub(until=430_000_000) as hub, first_run(scratch, ROOT / "seeds", hub.url) as url:
        with camera.page(url) as page:
            expect(page.locator(".engine.fetching")).to_contain_text("38 %")
            camera.take(page, "first-run")


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as scratch:
        camera = Camera(launch(playwright), folder)
        the_first_run(camera, Path(scratch) / "first")
        differ = Path(scratch) / "differ"
        differ.mkdir()
        for name, text in DIFFER.items():
            (differ / name).write_text(text, encoding="utf-8")
        for corpus, shoot in ((ROOT / "seeds", over_the_seeds), (differ, over_articles_that_differ)):
            with with_the_real_model(corpus) as url:
                shoot(camera, url)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs")
