"""A real headless Chromium for the tests of the page."""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Playwright, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge")


def installed_browser() -> str:
    """The path of a Chromium. Raises SystemExit with the way to get one."""
    if wanted := os.environ.get("DATELINE_BROWSER") or next(filter(None, map(shutil.which, NAMES)), None):
        return wanted
    raise SystemExit("No Chromium is here: apt install chromium, or name one with DATELINE_BROWSER=/path/to/it.")


def launch(playwright: Playwright, **options: Any) -> Browser:
    return playwright.chromium.launch(executable_path=installed_browser(), args=["--no-sandbox"], **options)


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="session")
def browser(playwright: Playwright) -> Iterator[Browser]:
    with launch(playwright) as running:
        yield running


@pytest.fixture
def browser_with_bars(playwright: Playwright) -> Iterator[Browser]:
    """With scroll bars, which Playwright hides."""
    with launch(playwright, ignore_default_args=["--hide-scrollbars"]) as running:
        yield running


@pytest.fixture
def page_of(browser: Browser) -> Iterator[Callable[..., Page]]:
    """page_of(url, **context) opens the page for a new reader; a script's error, or a request beside it, is a fault."""
    errors: list[str] = []
    with ExitStack() as opened:

        def page_of(url: str, **options: Any) -> Page:
            page = opened.enter_context(browser.new_context(**options)).new_page()
            page.set_default_timeout(15_000)
            ours = (url, "data:", "blob:")
            page.on("pageerror", lambda error: errors.append(str(error)))
            page.on("request", lambda asked: asked.url.startswith(ours) or errors.append(asked.url))
            page.goto(url)
            page.locator("#talk :is(.empty, .turn)").first.wait_for()
            return page

        yield page_of
    assert errors == []


if __name__ == "__main__":
    installed_browser()
