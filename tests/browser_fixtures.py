"""A real headless Chromium for the tests of the page."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Playwright, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge")


def installed_browser() -> str:
    """The path of a Chromium. Raises SystemExit with the way to get one."""
    wanted = os.environ.get("DATELINE_BROWSER") or next(filter(None, map(shutil.which, NAMES)), None)
    if wanted is None:
        raise SystemExit(
            "No Chromium or Chrome is here: apt install chromium, or name one with DATELINE_BROWSER=/path/to/it."
        )
    return wanted


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="session")
def browser(playwright: Playwright) -> Iterator[Browser]:
    running = playwright.chromium.launch(executable_path=installed_browser(), args=["--no-sandbox"])
    yield running
    running.close()


@pytest.fixture
def browser_with_bars(playwright: Playwright) -> Iterator[Browser]:
    """With scroll bars, which Playwright hides."""
    running = playwright.chromium.launch(
        executable_path=installed_browser(), args=["--no-sandbox"], ignore_default_args=["--hide-scrollbars"]
    )
    yield running
    running.close()


@pytest.fixture
def page_of(browser: Browser) -> Iterator[Callable[..., Page]]:
    """page_of(url, **context) opens the page for a new reader; a script's error fails the test."""
    errors: list[str] = []
    contexts = []

    def page_of(url: str, **options: Any) -> Page:
        context = browser.new_context(**options)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(15_000)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(url)
        page.locator("#talk :is(.empty, .turn)").first.wait_for()
        return page

    yield page_of
    for context in contexts:
        context.close()
    assert errors == []


if __name__ == "__main__":
    installed_browser()
