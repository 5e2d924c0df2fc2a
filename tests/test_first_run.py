"""The first run on a machine without the model: `make test-ui`."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from app_helpers import QUESTION
from model_hub import first_run, model_hub
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser


def test_the_download_is_shown_paused_gone_on_with_and_then_the_question_is_answered(
    seeds: Path, tmp_path: Path, page_of: Callable[..., Page]
) -> None:
    with model_hub(until=300_000_000) as hub, first_run(tmp_path, seeds, hub.url) as url:
        page = page_of(url)
        expect(page.locator(".engine.fetching")).to_contain_text(re.compile("2[678] %"))
        page.locator("#box textarea").fill(QUESTION)
        page.keyboard.press("Enter")
        expect(page.locator("#live .found blockquote").first).to_be_visible()
        expect(page.locator("#live .status")).to_contain_text(re.compile("Waiting for the model, 2[678] %"))

        page.get_by_role("button", name="Pause").click()
        expect(page.locator(".engine.paused")).to_contain_text("what has arrived is kept")
        expect(page.locator("#talk .trouble")).to_contain_text("fetching it is paused")

        hub.let_through()
        page.get_by_role("button", name="Go on").click()
        expect(page.locator(".engine.ready")).to_be_visible(timeout=120_000)
        page.get_by_role("button", name="Ask again").click()
        expect(page.locator("#talk .answer .chip").first).to_be_visible(timeout=120_000)
        first, second = hub.ranges
        assert first is None
        assert second and int(second.removeprefix("bytes=").removesuffix("-")) >= 300_000_000
