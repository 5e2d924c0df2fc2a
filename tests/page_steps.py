"""What a reader does on the page, and sees."""

import re
from collections.abc import Callable
from pathlib import Path

from app_helpers import QUESTION
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

PageOf = Callable[..., Page]
RUN = "a-run-with-a-rather-long-name-of-its-own.jsonl"
NAME, PATH = "archive.localhost", "/news"  # browsers look for such names on this machine


def below(url: str) -> str:
    """Where the app at this address is by its name, below its path."""
    return url.replace("127.0.0.1", NAME) + PATH


def ask(page: Page, question: str = QUESTION) -> Page:
    page.locator("#box textarea").fill(question)
    page.keyboard.press("Enter")
    return page


def sees(page: Page, told: dict[str, str | int | re.Pattern[str]], seconds: float = 5) -> None:
    """Each of these parts comes to hold the words (the last one, of several), or to be there so many times."""
    for part, what in told.items():
        if isinstance(what, int):
            expect(page.locator(part)).to_have_count(what, timeout=1000 * seconds)
        else:
            expect(page.locator(part).last).to_contain_text(what, timeout=1000 * seconds)


def answered(page: Page, turns: int = 1) -> Page:
    sees(page, {"#talk .turn": turns, "#live .turn": 0})
    expect(page.locator("#send")).to_be_visible()
    return page


def press(page: Page, button: str | re.Pattern[str], within: str = "body") -> None:
    page.locator(within).get_by_role("button", name=button).first.click()


def downloaded(page: Page, form: str) -> Path:
    with page.expect_download() as taken:
        page.get_by_role("link", name=form).last.click()
    return taken.value.path()


def exported(page: Page, form: str) -> str:
    return downloaded(page, form).read_text(encoding="utf-8")


def no_serious_fault(page: Page) -> None:
    faults = Axe().run(page).response["violations"]
    assert [fault["nodes"][0]["html"] for fault in faults if fault["impact"] in ("serious", "critical")] == []
