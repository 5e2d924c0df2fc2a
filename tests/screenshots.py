"""Pictures of the page in each of its states, with the real model: python tests/screenshots.py [FOLDER]."""

import sys
import tempfile
from pathlib import Path
from typing import Any

from app_helpers import with_the_real_model
from browser_fixtures import launch
from index_helpers import ROOT, written
from model_hub import first_run
from PIL import Image
from playwright.sync_api import Browser, Page, expect, sync_playwright

QUESTION = "Who heads the Syrian Observatory for Human Rights?"
FILE = (QUESTION, "How far is Hama from Damascus?", "Who is the mayor of Paris?")
DIFFER = {
    "monday.txt": " date 2026-03-02 14 people died when the ferry Aurora sank, the harbour master said.",
    "tuesday.txt": " date 2026-03-03 17 people died when the ferry Aurora sank, the coast guard said.",
}


class Camera:
    """A reader's page, and the folder that its pictures go to."""

    def __init__(self, browser: Browser, folder: Path, url: str, **options: Any) -> None:
        self._folder = folder
        self.page: Page = browser.new_page(**({"viewport": {"width": 1280, "height": 800}} | options))
        self.page.set_default_timeout(120_000)
        self.page.goto(url)
        self.page.locator("#talk .empty").wait_for()

    def ask(self, question: str) -> None:
        self.page.locator("#box textarea").fill(question)
        self.page.keyboard.press("Enter")

    def take(self, name: str, when: str) -> None:
        """The page as soon as this part of it is there."""
        self.page.locator(when).first.wait_for()
        self.page.wait_for_timeout(400)  # fonts, and what slides in
        path = self._folder / f"app-{name}.png"
        self.page.screenshot(path=path)
        Image.open(path).convert("RGB").quantize(64).save(path, optimize=True)  # a third of the size
        print(f"app-{name}.png")


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as scratch:
        browser = launch(playwright)
        with first_run(Path(scratch) / "first", ROOT / "seeds", until=430_000_000) as (url, _):
            camera = Camera(browser, folder, url)
            expect(camera.page.locator(".engine.fetching")).to_contain_text("38 %")
            camera.take("first-run", ".engine")
        with with_the_real_model(ROOT / "seeds") as url:
            camera = Camera(browser, folder, url)
            camera.take("empty", "#talk .empty")
            camera.ask(QUESTION)
            camera.take("answering", "#live .found blockquote")
            camera.take("answer", "#talk .chip")
            camera.page.locator("#talk .chip").first.click()
            camera.take("pane", "#here")
            camera.page.keyboard.press("Escape")
            camera.ask("How many soldiers did Turkey send to Hama?")
            camera.page.locator(".refusal").scroll_into_view_if_needed()
            camera.take("refusal", ".refusal")
            camera.page.goto(f"{url}/articles")
            camera.take("articles", "body:has(#corpus tbody tr) .js-plotly-plot .bars")
            camera.page.goto(f"{url}/timeline")
            camera.page.locator("#topic :is(input, textarea)").fill("the fall of Hama")
            camera.page.keyboard.press("Enter")
            camera.take("timeline", "body:has(#events blockquote) .js-plotly-plot .scatterlayer")
            camera.page.goto(f"{url}/questions")
            (questions := Path(scratch) / "questions.txt").write_text("\n".join(FILE))
            camera.page.locator("#questions input[type=file]").set_input_files(questions)
            camera.take("questions", "#batch:not(:has(progress)) [download]")
            camera = Camera(browser, folder, url)
            camera.page.get_by_label("Full").check()
            camera.ask("What happened in Hama?")
            camera.take("full", "#talk .items")
            phone = {"viewport": {"width": 390, "height": 844}}
            for name, options in {"dark": {"color_scheme": "dark"}, "phone": phone}.items():
                camera = Camera(browser, folder, url, **options)
                camera.ask(QUESTION)
                camera.take(name, "#talk .turn")
        for name, text in DIFFER.items():
            written(Path(scratch) / "differ", name, text)
        with with_the_real_model(Path(scratch) / "differ") as url:
            camera = Camera(browser, folder, url)
            camera.ask("How many people died on the ferry Aurora?")
            camera.take("conflict", "#talk .turn")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs")
