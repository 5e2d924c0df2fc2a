"""What is longer than a sentence, in a real browser: full answers, lists, timelines, and what is taken away of them."""

import csv
import io
import json

import docx
import pytest
from app_helpers import App
from page_steps import PageOf, answered, ask, downloaded, exported, no_serious_fault, press, sees
from playwright.sync_api import expect

pytestmark = pytest.mark.browser
pytest_plugins = ["page_fixtures"]
BROAD = "What happened in Hama?"


def test_a_full_answer_is_a_list_that_is_taken_away_and_gone_on_from(anywhere: App, page_of: PageOf) -> None:
    page = page_of(anywhere.url)
    page.get_by_label("Full").check()
    sees(page, {"#chips .narrowed": "full answer ✕"})
    answered(ask(page, BROAD))
    lines = page.locator("#talk ul.items li")
    said = [words.partition(": ")[2].rpartition("”")[0] for words in lines.all_inner_texts()]
    assert 4 <= len(said) <= 8
    no_serious_fault(page)
    lines.nth(1).locator(".chip").click()
    sees(page, {"#pane mark#here": said[1].removeprefix("“")[:20]})
    press(page, "Close the article")
    assert said[0].removeprefix("“")[:20] in exported(page, "Markdown")
    paragraphs = [one.text for one in docx.Document(str(downloaded(page, "Word"))).paragraphs]
    assert paragraphs[1] == BROAD and any(said[0] in one for one in paragraphs)
    titles = {one["title"] for one in json.loads(exported(page, "CSL-JSON"))}
    assert len(titles) == 2 == exported(page, "BibTeX").count("@misc{")
    told = page_of(anywhere.url)
    told.set_content(exported(page, "HTML"))
    expect(told.locator("blockquote")).to_have_count(len(said))
    assert len(told.locator("ul").first.locator("li").all()) == len(said)

    press(page, "Remove: full answer")
    sees(page, {"#chips .narrowed": 0})
    expect(page.get_by_label("Full", exact=True)).not_to_be_checked()
    further = page.get_by_role("group", name="Ask further").get_by_role("button")
    offered = further.first.inner_text()
    further.first.click()
    answered(page, turns=2)
    sees(page, {"#talk .question": offered, "#talk .answer": 2, "#talk .refusal": 0})


def test_the_chat_lists_and_counts_articles_without_the_model(anywhere: App, page_of: PageOf) -> None:
    page, before = page_of(anywhere.url), len(anywhere.ollama.chats)
    answered(ask(page, "List the articles that mention Hama"))
    sees(page, {"#talk .answer": "2 articles", "#talk ul.items li": 2})
    page.locator("#talk .chip").last.click()
    sees(page, {"#pane .text": "Hama"})
    assert len(anywhere.ollama.chats) == before


def test_a_timeline_is_drawn_told_bounded_opened_and_taken_away(anywhere: App, page_of: PageOf) -> None:
    page = page_of(anywhere.url)
    page.goto(f"{anywhere.url}/timeline")
    page.locator("#topic textarea, #topic input").fill("the fall of Hama")
    page.keyboard.press("Enter")
    sees(page, {"#events h2": "5 December 2024"})
    page.locator(".js-plotly-plot .scatterlayer").wait_for()
    no_serious_fault(page)
    days, told = page.locator("#events h2"), page.locator("#events blockquote")
    assert days.first.inner_text() != "5 December 2024" and told.count() > days.count() > 2
    words = told.first.inner_text().strip("“”")[:30]
    page.locator("#events .way").first.click()
    sees(page, {"#pane mark#here": words})
    press(page, "Close the article")
    page.locator("#from textarea, #from input").fill("2024-12-05")
    press(page, "Show")
    sees(page, {"#events h2": 1})
    rows = list(csv.DictReader(io.StringIO(exported(page, "CSV"))))
    assert {row["first"] for row in rows} == {"2024-12-05"} and len(rows) == told.count()
    assert "**5 December 2024**" in exported(page, "Markdown")
    assert len(json.loads(exported(page, "JSON"))) == len(rows)
    page.locator("#from textarea, #from input").fill("soon")
    press(page, "Show")
    sees(page, {"#events [role=alert]": "date"})
    expect(page.locator(".js-plotly-plot")).to_have_count(0)
