"""The page in a real browser: `make test-ui`."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from app_helpers import QUESTION, QUOTED, RIGHT, endless, says, served
from axe_playwright_python.sync_playwright import Axe
from checking import CheckedAssistant
from ollama_double import OllamaDouble, error_in_mid_stream, slow
from playwright.sync_api import Browser, Page, expect
from run_helpers import kept, right, run_of

from web.conversations import Conversations
from web.users import Users

pytestmark = pytest.mark.browser
MODEL = "qwen2.5-coder:1.5b"


class App:
    """The app over the seeds, with an Ollama double that says what the test wants."""

    def __init__(self, url: str, ollama: OllamaDouble, assistant: CheckedAssistant) -> None:
        self.url, self.ollama, self.assistant = url, ollama, assistant


@pytest.fixture
def app(seeds: Path, tmp_path: Path) -> Iterator[App]:
    with (
        OllamaDouble(chat=says(RIGHT)) as ollama,
        CheckedAssistant(tmp_path, "ollama", MODEL, ollama_host=ollama.url) as assistant,
    ):
        assistant.index(seeds)
        with served(assistant) as url:
            yield App(url, ollama, assistant)


def ask(page: Page, question: str = QUESTION) -> None:
    page.locator("#box textarea").fill(question)
    page.keyboard.press("Enter")


def answered(page: Page, turns: int = 1) -> None:
    expect(page.locator("#talk .turn")).to_have_count(turns)
    expect(page.locator("#live .turn")).to_have_count(0)
    expect(page.locator("#send")).to_be_visible()


def test_a_click_on_a_chip_opens_the_article_at_the_very_words(app: App, page_of: Callable[..., Page]) -> None:
    page = page_of(app.url)
    ask(page)
    answered(page)
    page.locator(".chip").first.click()
    mark = page.locator("#pane mark#here")
    expect(mark).to_be_in_viewport()
    (turn_id,) = re.findall(r"\d+", page.locator(".turn").get_attribute("id") or "")
    quote = page.locator(f"#quote-{turn_id}-1 blockquote").text_content()
    assert " ".join((mark.text_content() or "").split()) == quote
    assert QUOTED in (mark.text_content() or "")


def test_the_passages_are_there_before_the_first_word(app: App, page_of: Callable[..., Page]) -> None:
    gate = threading.Event()
    app.ollama.chat = slow(gate, says(RIGHT))
    page = page_of(app.url)
    ask(page)
    expect(page.locator("#live .found blockquote").first).to_be_visible()
    expect(page.locator("#live .draft")).to_have_count(0)
    gate.set()
    answered(page)


@pytest.mark.parametrize(("window", "column"), [((1280, 720), 860), ((390, 844), None)], ids=["desktop", "phone"])
def test_the_column_has_one_width_from_the_first_frame_to_the_last(
    app: App, browser_with_bars: Browser, window: tuple[int, int], column: int | None
) -> None:
    gate = threading.Event()
    app.ollama.chat = slow(gate, says(RIGHT))
    page = browser_with_bars.new_page(viewport={"width": window[0], "height": window[1]})
    line = page.context.new_cdp_session(page)  # a slow one: what comes late must not change what is there
    line.send("Network.enable")
    late = {"offline": False, "latency": 200, "downloadThroughput": -1, "uploadThroughput": -1}
    line.send("Network.emulateNetworkConditions", late)
    page.add_init_script("""
      window.seen = {};
      (function look() {
        for (const part of ['main.contain', '#talk', '.turn, .empty'])
          for (const one of document.querySelectorAll(part)) {
            const { left, width } = one.getBoundingClientRect();
            if (one.checkVisibility()) (seen[part] ??= new Set()).add(`${width.toFixed(1)} at ${left.toFixed(1)}`);
          }
        requestAnimationFrame(look);
      })();
    """)
    page.goto(app.url)
    page.get_by_role("button", name="What happened in Hama?").wait_for()
    ask(page)
    expect(page.locator("#live .found blockquote").first).to_be_visible()
    gate.set()
    answered(page)
    ask(page, "Who is the mayor of Paris?")  # the page becomes longer than the window
    answered(page, turns=2)
    seen = page.evaluate("Object.entries(seen).map(([part, widths]) => [part, ...widths])")
    assert [len(widths) for _, *widths in seen] == [1, 1, 1], seen
    assert column is None or seen[0][1].startswith(f"{column}.0 ")
    assert page.evaluate("document.documentElement.scrollHeight > innerHeight")


def test_hovering_a_chip_shows_the_quote_and_where_it_stands(app: App, page_of: Callable[..., Page]) -> None:
    page = page_of(app.url)
    ask(page)
    answered(page)
    page.locator(".chip").first.hover()
    expect(page.locator("#tip")).to_contain_text(QUOTED)
    expect(page.locator("#tip")).to_contain_text("5 December 2024")


def test_stop_ends_the_generation_within_a_second_and_retry_asks_again(app: App, page_of: Callable[..., Page]) -> None:
    app.ollama.chat = says(endless())
    page = page_of(app.url)
    ask(page)
    expect(page.locator("#live .draft")).to_contain_text("word3")
    page.locator("#stop").click()
    assert app.ollama.client_left.wait(1)
    answered(page)
    expect(page.locator(".trouble [role=alert]")).to_contain_text("Stopped")
    app.ollama.chat = says(RIGHT)
    page.get_by_role("button", name="Ask again").click()
    expect(page.locator("#talk .answer")).to_contain_text("200 kilometres")
    answered(page)


def test_escape_stops_too(app: App, page_of: Callable[..., Page]) -> None:
    app.ollama.chat = says(endless())
    page = page_of(app.url)
    ask(page)
    expect(page.locator("#live .draft")).to_contain_text("word3")
    page.keyboard.press("Escape")
    expect(page.locator(".trouble [role=alert]")).to_contain_text("Stopped")


def test_a_reload_keeps_the_conversation_and_its_chips(app: App, page_of: Callable[..., Page]) -> None:
    page = page_of(app.url)
    ask(page)
    answered(page)
    expect(page).to_have_url(re.compile(r"\?c="))
    page.reload()
    expect(page.locator("#talk .question")).to_have_text(QUESTION)
    page.locator(".chip").first.click()
    expect(page.locator("#pane mark#here")).to_contain_text(QUOTED)


def test_a_reload_in_mid_answer_loses_nothing(app: App, page_of: Callable[..., Page]) -> None:
    gate = threading.Event()
    app.ollama.chat = slow(gate, says(RIGHT))
    page = page_of(app.url)
    ask(page)
    expect(page.locator("#live .found").first).to_be_visible()
    expect(page).to_have_url(re.compile(r"\?c="))
    page.reload()
    expect(page.locator("#live .found").first).to_be_visible()
    expect(page.locator("#stop")).to_be_visible()
    gate.set()
    expect(page.locator("#talk .answer")).to_contain_text("200 kilometres")
    assert len(app.ollama.chats) == len({json.dumps(chat) for chat in app.ollama.chats})  # it was asked once


def test_closing_the_page_stops_the_engine(app: App, page_of: Callable[..., Page]) -> None:
    app.ollama.chat = says(endless(pause=0.25))  # forty seconds for the longest answer
    page = page_of(app.url)
    ask(page)
    expect(page.locator("#live .draft")).to_contain_text("word3")
    page.close()
    assert app.ollama.client_left.wait(20)


def test_an_engine_that_dies_in_mid_answer_leaves_the_draft_and_the_remedy(
    app: App, page_of: Callable[..., Page]
) -> None:
    app.ollama.chat = error_in_mid_stream()
    page = page_of(app.url)
    ask(page)
    expect(page.locator(".trouble .draft")).to_contain_text("To determine how")
    expect(page.locator(".trouble [role=alert]")).to_contain_text("Ollama")
    app.ollama.chat = says(RIGHT)
    page.get_by_role("button", name="Ask again").click()
    expect(page.locator("#talk .answer")).to_contain_text("200 kilometres")


def test_when_ollama_leaves_in_mid_answer_another_engine_takes_over(app: App, page_of: Callable[..., Page]) -> None:
    app.ollama.chat = says(endless())
    page = page_of(app.url)
    expect(page.locator(".engine.ready")).to_contain_text(MODEL)
    ask(page)
    expect(page.locator("#live .draft")).to_contain_text("word3")
    app.ollama.leave()
    expect(page.locator(".trouble .draft")).to_contain_text("word3")
    expect(page.locator(".engine.lost [role=alert]")).to_contain_text("`ollama serve`", timeout=15_000)
    page.get_by_role("button", name="What answers here").click()
    page.locator(".engine").get_by_role("button", name=re.compile("^embedded")).click()
    expect(page.locator(".engine.ready")).to_contain_text("embedded", timeout=60_000)
    page.get_by_role("button", name="Ask again").click()
    expect(page.locator("#talk .by")).to_contain_text("embedded", timeout=120_000)


def test_when_ollama_comes_back_the_badge_says_so(app: App, page_of: Callable[..., Page]) -> None:
    page = page_of(app.url)
    app.ollama.leave()
    expect(page.locator(".engine.lost")).to_be_visible(timeout=15_000)  # the page asks every five seconds
    app.ollama.come_back()
    expect(page.locator(".engine.ready")).to_be_visible(timeout=15_000)
    ask(page)
    expect(page.locator("#talk .answer")).to_contain_text("200 kilometres")


def test_two_readers_see_only_their_own(app: App, page_of: Callable[..., Page]) -> None:
    anna, boris = page_of(app.url), page_of(app.url)
    ask(anna)
    answered(anna)
    boris.goto(anna.url)
    expect(boris.locator("#talk .empty")).to_be_visible()
    pane = anna.locator(".chip").first.get_attribute("data-pane")
    assert anna.request.get(f"{app.url}/pane?{pane}").ok
    assert boris.request.get(f"{app.url}/pane?{pane}").status == 404


def test_a_question_full_of_markup_is_shown_as_text(app: App, page_of: Callable[..., Page]) -> None:
    evil = '<img src=x onerror="window.ran=1"> <script>window.ran=1</script> **b** ${window.ran=1} {{1}} `x`'
    app.ollama.chat = says(evil)
    page = page_of(app.url)
    ask(page, evil)
    answered(page)
    assert page.locator("#talk .question").text_content() == evil
    assert page.evaluate("window.ran") is None


def test_undo_takes_the_turn_back_and_edit_puts_it_into_the_box(app: App, page_of: Callable[..., Page]) -> None:
    page = page_of(app.url)
    ask(page)
    answered(page)
    page.get_by_role("button", name="Edit the question").click()
    expect(page.locator("#box textarea")).to_have_value(QUESTION)
    expect(page.locator("#talk .turn")).to_have_count(0)


def test_conversations_are_listed_renamed_and_deleted(app: App, page_of: Callable[..., Page]) -> None:
    page = page_of(app.url)
    ask(page)
    answered(page)
    page.locator("#side .toggle-button").click()
    expect(page.locator("#listed .title")).to_have_text([QUESTION])
    page.get_by_role("button", name=f"Rename: {QUESTION}").click()
    page.get_by_label("A name for this conversation").fill("Distances")
    page.keyboard.press("Enter")
    expect(page.locator("#listed .title")).to_have_text(["Distances"])
    page.get_by_role("button", name="Delete: Distances").click()
    page.keyboard.press("Escape")
    expect(page.locator("dialog")).to_have_count(0)
    expect(page.locator("#listed .title")).to_have_text(["Distances"])
    page.get_by_role("button", name="Delete: Distances").click()
    page.locator("dialog").get_by_role("button", name="Delete").click()
    expect(page.locator("#listed .title")).to_have_count(0)
    expect(page.locator("#talk .empty")).to_be_visible()


def test_a_reader_deletes_all_of_theirs_and_nothing_of_others(app: App, page_of: Callable[..., Page]) -> None:
    anna, boris = page_of(app.url), page_of(app.url)
    for page in (anna, boris):
        ask(page)
        answered(page)
        page.locator("#side .toggle-button").click()
    anna.get_by_role("button", name="Delete all my conversations").click()
    anna.locator("dialog").get_by_role("button", name="Delete all").click()
    expect(anna.locator("#listed .title")).to_have_count(0)
    expect(anna.locator("#talk .empty")).to_be_visible()
    boris.reload()
    expect(boris.locator("#talk .question")).to_have_text(QUESTION)


def test_a_user_logs_in_and_out(app: App, page_of: Callable[..., Page]) -> None:
    page = page_of(app.url)
    Users(app.assistant.settings.data_dir / "access.db").add("anna", "open sesame")
    page.reload()
    page.get_by_label("Name").fill("anna")
    page.get_by_label("Password").fill("open sesame")
    page.get_by_role("button", name="Log in").click()
    page.get_by_role("button", name="Log out anna").click()
    expect(page.get_by_label("Password")).to_be_visible()


def test_a_verdict_and_its_comment_are_kept(app: App, page_of: Callable[..., Page]) -> None:
    page = page_of(app.url)
    ask(page)
    answered(page)
    page.get_by_role("button", name="Bad answer").click()
    page.get_by_label("What is wrong with it?").fill("too short")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Bad answer")).to_have_attribute("aria-pressed", "true")
    kept_verdicts = Conversations(app.assistant.settings.data_dir / "conversations.db")
    ((turn,),) = kept_verdicts.with_verdicts()
    assert (turn.verdict, turn.comment) == ("down", "too short")
    page.get_by_role("button", name="Good answer").click()
    expect(page.get_by_role("button", name="Good answer")).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name="Comment on the verdict").click()
    page.get_by_label("What is to be said of this answer?").fill("right after all")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Comment on the verdict")).to_have_attribute("data-text", "right after all")
    ((turn,),) = kept_verdicts.with_verdicts()
    assert (turn.verdict, turn.comment) == ("up", "right after all")


def test_an_answer_goes_on_while_another_conversation_is_open(app: App, page_of: Callable[..., Page]) -> None:
    gate = threading.Event()
    page = page_of(app.url)
    ask(page, "Where is Homs?")
    answered(page)
    page.locator("#side .toggle-button").click()
    page.get_by_role("button", name="New conversation").first.click()
    expect(page.locator("#talk .empty")).to_be_visible()
    app.ollama.chat = slow(gate, says(RIGHT))
    ask(page)
    expect(page.locator("#live .found").first).to_be_visible()
    page.locator("#listed .title", has_text="Where is Homs?").click()
    expect(page.locator("#talk .question")).to_have_text("Where is Homs?")
    expect(page.locator("#live .turn")).to_have_count(0)
    gate.set()
    page.locator("#listed .title", has_text=QUESTION).click()
    expect(page.locator("#talk .question")).to_have_text(QUESTION)
    expect(page.locator("#talk .chip").first).to_be_visible()


def test_a_conversation_is_exported(app: App, page_of: Callable[..., Page]) -> None:
    page = page_of(app.url)
    ask(page)
    answered(page)
    with page.expect_download() as markdown:
        page.get_by_role("link", name="Markdown").click()
    assert QUOTED in markdown.value.path().read_text(encoding="utf-8")
    with page.expect_download() as told:
        page.get_by_role("link", name="JSON with citations").click()
    (turn,) = json.loads(told.value.path().read_text(encoding="utf-8"))["turns"]
    assert QUOTED in turn["answer"]["citations"][0]["quote"]


def test_a_file_is_added_asked_about_removed_and_then_refused(
    app: App, page_of: Callable[..., Page], tmp_path: Path
) -> None:
    flood = tmp_path / "flood.txt"
    flood.write_text(" date 2026-01-02 The river Dola flooded the town of Mirest on Friday.", encoding="utf-8")
    app.ollama.chat = says("The river Dola flooded the town of Mirest.")
    page = page_of(app.url)
    page.goto(f"{app.url}/articles")
    expect(page.locator("#corpus tbody tr")).to_have_count(2)
    page.locator("#drop input[type=file]").set_input_files(flood)
    expect(page.locator("#told")).to_contain_text("1 added")
    expect(page.locator("#corpus tbody tr")).to_have_count(3)
    page.get_by_role("button", name="The river Dola flooded the town").first.click()
    expect(page.locator("#pane .text")).to_contain_text("on Friday")

    page.goto(app.url)
    ask(page, "Which town did the river Dola flood?")
    expect(page.locator("#talk .answer")).to_contain_text("Mirest")
    page.locator(".chip").first.click()
    expect(page.locator("#pane .about")).to_contain_text("uploads/flood.txt")

    page.goto(f"{app.url}/articles")
    page.get_by_role("button", name=re.compile("^Remove The river")).click()
    page.locator("dialog").get_by_role("button", name="Remove").click()
    expect(page.locator("#corpus tbody tr")).to_have_count(2)
    page.goto(app.url)
    ask(page, "Which town did the river Dola flood?")
    expect(page.locator("#talk .refusal")).to_be_visible()


def test_the_articles_are_searched_and_sorted(app: App, page_of: Callable[..., Page]) -> None:
    page = page_of(app.url)
    page.goto(f"{app.url}/articles")
    expect(page.locator("#corpus tbody tr")).to_have_count(2)
    page.get_by_label("Search").fill("withdrawn")
    expect(page.locator("#corpus tbody tr")).to_have_count(1)
    expect(page.locator("#corpus tbody tr")).to_contain_text("The Syrian army says it has withdrawn")


def test_what_cannot_be_read_is_told_with_the_reason(app: App, page_of: Callable[..., Page], tmp_path: Path) -> None:
    broken = tmp_path / "broken.pdf"
    broken.write_bytes(b"no pdf")
    page = page_of(app.url)
    page.goto(f"{app.url}/articles")
    page.locator("#drop input[type=file]").set_input_files(broken)
    expect(page.locator("#told")).to_contain_text("uploads/broken.pdf:")
    expect(page.locator("#corpus tbody tr")).to_have_count(2)


def test_dates_narrow_the_next_question_and_are_shown_as_chips(app: App, page_of: Callable[..., Page]) -> None:
    page = page_of(app.url)
    page.locator("#side .toggle-button").click()
    page.get_by_text("Narrow the articles").click()
    page.get_by_label("Until").fill("2020-01-01")
    expect(page.locator("#chips .narrowed")).to_have_text("until 1 January 2020 ✕")
    ask(page)
    expect(page.locator("#talk .refusal")).to_be_visible()
    expect(page.locator("#talk .narrowed")).to_have_text("until 1 January 2020")
    page.get_by_role("button", name="Remove: until 1 January 2020").click()
    expect(page.locator("#chips .narrowed")).to_have_count(0)
    expect(page.get_by_label("Until")).to_have_value("")
    ask(page)
    expect(page.locator("#talk .answer").last).to_contain_text("200 kilometres")


def test_days_stand_in_words_wherever_one_is_shown(app: App, page_of: Callable[..., Page]) -> None:
    page = page_of(app.url)
    page.locator("#side .toggle-button").click()
    page.get_by_text("Narrow the articles").click()
    shown = page.locator("body").inner_text()
    assert "of 5 December 2024" in shown
    page.get_by_label("From").fill("2024-12-05")
    ask(page)
    answered(page)
    shown += page.locator("body").inner_text()
    page.locator("#talk .chip").first.click()  # the article's own text stays as it is
    expect(page.locator("#pane .about")).to_contain_text("5 December 2024")
    with page.expect_download() as taken:
        page.get_by_role("link", name="Markdown").click()
    shown += taken.value.path().read_text(encoding="utf-8")
    runs = app.assistant.settings.data_dir / "runs"
    runs.mkdir()
    kept(runs, "mine.jsonl", run_of(right("q1")))
    for address, row in (("/articles", "#corpus tbody tr"), ("/runs", "#runs tbody tr")):
        page.goto(f"{app.url}{address}")
        page.locator(row).first.wait_for()
        shown += page.locator("body").inner_text()
    assert re.findall(r".*\d{4}-\d\d-\d\d.*", shown) == []


def test_the_page_asks_nothing_of_the_network(app: App, page_of: Callable[..., Page]) -> None:
    page = page_of(app.url)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.reload()
    ask(page)
    answered(page)
    assert asked
    assert [url for url in asked if not url.startswith((app.url, "data:", "blob:"))] == []


def test_a_phone_shows_the_pane_over_the_whole_width(app: App, page_of: Callable[..., Page]) -> None:
    page = page_of(app.url, viewport={"width": 390, "height": 844})
    ask(page)
    answered(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.locator(".chip").first.click()
    expect(page.locator("#pane .text")).to_be_visible()
    box = page.locator("#pane").bounding_box()
    assert box and box["width"] == 390
    page.get_by_role("button", name="Close the article").click()
    expect(page.locator("#pane")).to_be_hidden()


@pytest.mark.parametrize("address", ["/", "/articles", "/runs"])
def test_nothing_is_cut_off_on_a_phone(app: App, page_of: Callable[..., Page], address: str) -> None:
    runs = app.assistant.settings.data_dir / "runs"
    runs.mkdir()
    kept(runs, "a-run-with-a-rather-long-name-of-its-own.jsonl", run_of(right("q1")))
    page = page_of(app.url, viewport={"width": 390, "height": 844})
    page.goto(f"{app.url}{address}")
    page.locator("#talk .empty, #corpus tbody tr, #runs tbody tr").first.wait_for()
    assert (
        page.evaluate("Math.max(...[...document.querySelectorAll('main *')].map(e => e.getBoundingClientRect().right))")
        <= 390
    )


def test_on_a_phone_the_question_stays_in_sight_when_the_answer_is_long(app: App, page_of: Callable[..., Page]) -> None:
    page = page_of(app.url, viewport={"width": 390, "height": 500})
    ask(page)
    answered(page)
    ask(page, "How far from Damascus is Hama?")
    answered(page, turns=2)
    expect(page.locator("#talk .question").last).to_be_in_viewport()
    expect(page.locator("#talk .question").first).not_to_be_in_viewport()


def test_a_reader_who_scrolls_away_is_left_there(app: App, page_of: Callable[..., Page]) -> None:
    page = page_of(app.url, viewport={"width": 390, "height": 500})
    ask(page)
    answered(page)
    gate = threading.Event()
    app.ollama.chat = slow(gate, says(RIGHT))
    ask(page, "How far from Damascus is Hama?")
    expect(page.locator("#live .found").first).to_be_visible()
    page.mouse.move(200, 200)
    page.mouse.wheel(0, -5000)
    expect(page.locator("#top")).to_be_in_viewport()
    gate.set()
    answered(page, turns=2)
    expect(page.locator("#top")).to_be_in_viewport()


def test_a_screen_reader_hears_what_is_done_and_then_the_answer(app: App, page_of: Callable[..., Page]) -> None:
    gate = threading.Event()
    app.ollama.chat = slow(gate, says(RIGHT))
    page = page_of(app.url)
    ask(page)
    expect(page.locator(".spoken[role=status]")).to_contain_text("Reading these passages")
    gate.set()
    expect(page.locator(".spoken[role=status]")).to_contain_text("200 kilometres")


def test_shift_enter_makes_a_line_and_enter_asks(app: App, page_of: Callable[..., Page]) -> None:
    page = page_of(app.url)
    page.locator("#box textarea").fill("How far is Hama")
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("from Damascus?")
    expect(page.locator("#box textarea")).to_have_value("How far is Hama\nfrom Damascus?")
    page.keyboard.press("Enter")
    expect(page.locator("#talk .question")).to_have_text("How far is Hama\nfrom Damascus?")


def test_slash_goes_to_the_question(app: App, page_of: Callable[..., Page]) -> None:
    page = page_of(app.url)
    page.locator("#top").click()
    page.keyboard.press("/")
    expect(page.locator("#box textarea")).to_be_focused()
    expect(page.locator("#box textarea")).to_have_value("")


def test_axe_finds_no_serious_fault(app: App, page_of: Callable[..., Page]) -> None:
    page = page_of(app.url)
    ask(page)
    answered(page)
    page.locator(".chip").first.click()
    expect(page.locator("#pane mark#here")).to_be_visible()
    assert serious_faults(page) == []
    page.locator(".engine summary").click()
    assert serious_faults(page) == []
    page.goto(f"{app.url}/articles")
    page.locator(".js-plotly-plot .bars").wait_for()
    assert serious_faults(page) == []
    runs = app.assistant.settings.data_dir / "runs"
    runs.mkdir()
    kept(runs, "mine.jsonl", run_of(right("q1")))
    page.goto(f"{app.url}/runs")
    page.locator("#runs td a").wait_for()
    assert serious_faults(page) == []


def test_a_dialogue_and_the_conversations_have_no_serious_fault(app: App, page_of: Callable[..., Page]) -> None:
    page = page_of(app.url)
    ask(page)
    answered(page)
    page.locator("#side .toggle-button").click()
    page.get_by_role("button", name=f"Rename: {QUESTION}").click()
    expect(page.locator("dialog[open]")).to_be_visible()
    assert serious_faults(page) == []


def serious_faults(page: Page) -> list[Any]:
    found = Axe().run(page).response["violations"]
    return [
        (fault["id"], json.dumps(fault["nodes"][0]["html"])[:300])
        for fault in found
        if fault["impact"] in ("serious", "critical")
    ]
