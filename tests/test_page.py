"""The page in a real browser: `make test-ui`."""

from __future__ import annotations

import json
import re
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from app_helpers import MODEL, PASSWORD, QUESTION, QUOTED, RIGHT, App, app_over, endless, process, says, started
from axe_playwright_python.sync_playwright import Axe
from ollama_double import OllamaDouble, error_in_mid_stream, slow
from playwright.sync_api import Browser, Page, expect
from reverse_proxy import reverse_proxy
from run_helpers import kept, right, run_of

from web.conversations import Conversations
from web.users import Users

pytestmark = pytest.mark.browser
PageOf = Callable[..., Page]
PHONE = {"width": 390, "height": 844}
SHORT = {"width": 390, "height": 500}
RUN = "a-run-with-a-rather-long-name-of-its-own.jsonl"
BELOW = {"archive.localhost": "/news"}
"""A name that browsers look for on this machine, and the path below which a proxy serves the app there."""
HAMA = "How far from Damascus is Hama?"


@pytest.fixture(scope="module")
def running(seeds_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    home = shutil.copytree(seeds_dir, tmp_path_factory.mktemp("page") / "data")
    (home / "runs").mkdir(exist_ok=True)
    kept(home / "runs", RUN, run_of(right("q1")))
    with app_over(home, names=BELOW) as app:
        yield app


@pytest.fixture
def app(running: App) -> App:
    running.ollama.chat = says(RIGHT)
    running.ollama.client_left.clear()
    return running


@pytest.fixture(params=["", *BELOW.values()])
def anywhere(request: pytest.FixtureRequest, app: App) -> Iterator[App]:
    """The app at its own address, and where a proxy serves it below a path."""
    with reverse_proxy(app.url, request.param, strips=False) if request.param else nullcontext(0) as port:
        yield replace(app, url=f"http://{next(iter(BELOW))}:{port}{request.param}") if port else app


@pytest.fixture
def gate(app: App) -> Iterator[threading.Event]:
    """Nothing is written before it is set."""
    gate = threading.Event()
    app.ollama.chat = slow(gate, says(RIGHT))
    yield gate
    gate.set()


def ask(page: Page, question: str = QUESTION) -> None:
    page.locator("#box textarea").fill(question)
    page.keyboard.press("Enter")


def answered(page: Page, turns: int = 1) -> None:
    expect(page.locator("#talk .turn")).to_have_count(turns)
    expect(page.locator("#live .turn")).to_have_count(0)
    expect(page.locator("#send")).to_be_visible()


def asked(page_of: PageOf, app: App, question: str = QUESTION, **options: Any) -> Page:
    """A new reader's page with an answer on it."""
    page = page_of(app.url, **options)
    ask(page, question)
    answered(page)
    return page


def press(page: Page, button: str | re.Pattern[str]) -> None:
    page.get_by_role("button", name=button).first.click()


def exported(page: Page, form: str) -> str:
    with page.expect_download() as taken:
        page.get_by_role("link", name=form).click()
    return taken.value.path().read_text(encoding="utf-8")


def serious_faults(page: Page) -> list[Any]:
    return [
        (fault["id"], json.dumps(fault["nodes"][0]["html"])[:300])
        for fault in Axe().run(page).response["violations"]
        if fault["impact"] in ("serious", "critical")
    ]


def test_passages_come_before_the_first_word_and_a_chip_opens_the_article_at_the_very_words(
    anywhere: App, page_of: PageOf, gate: threading.Event
) -> None:
    page, sent, failed = page_of(anywhere.url), list[str](), list[str]()
    page.on("request", lambda request: sent.append(request.url))
    page.on("response", lambda reply: failed.append(reply.url) if reply.status >= 400 else None)
    page.reload()
    expect(page.locator(".engine.ready")).to_contain_text(MODEL)
    with page.expect_response(f"{anywhere.url}/engine"):
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")  # then the badge is brought up to date
    expect(page.locator("main.contain")).to_have_css("max-width", "min(860px, 100%)")
    ask(page)
    expect(page.locator("#live .found blockquote").first).to_be_visible()
    expect(page.locator("#live .draft")).to_have_count(0)
    heard = page.locator(".spoken[role=status]")  # by a screen reader
    expect(heard).to_contain_text("Reading these passages")
    gate.set()
    answered(page)
    expect(heard).to_contain_text("200 kilometres")

    page.locator(".chip").first.hover()
    expect(page.locator("#tip")).to_contain_text(QUOTED)
    expect(page.locator("#tip")).to_contain_text("5 December 2024")
    expect(page).to_have_url(re.compile(r"\?c="))
    page.reload()
    expect(page.locator("#talk .question")).to_have_text(QUESTION)
    page.locator(".chip").first.click()
    mark = page.locator("#pane mark#here")
    expect(mark).to_be_in_viewport()
    quote = page.locator(".quotes blockquote").text_content() or ""
    assert QUOTED in quote == " ".join((mark.text_content() or "").split())
    assert QUOTED in exported(page, "Markdown")
    (told,) = json.loads(exported(page, "JSON with citations"))["turns"]
    assert QUOTED in told["answer"]["citations"][0]["quote"]
    assert sent
    assert [url for url in sent if not url.startswith((anywhere.url, "data:", "blob:"))] == failed == []


@pytest.mark.parametrize(("window", "column"), [((1280, 720), 860), ((390, 844), None)], ids=["desktop", "phone"])
def test_the_column_has_one_width_from_the_first_frame_to_the_last(
    app: App, browser_with_bars: Browser, gate: threading.Event, window: tuple[int, int], column: int | None
) -> None:
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


@pytest.mark.parametrize("ended", ["by the button", "by Escape", "by the engine"])
def test_an_answer_that_ends_early_leaves_its_draft_and_the_remedy_and_can_be_asked_again(
    app: App, page_of: PageOf, ended: str
) -> None:
    dies = ended == "by the engine"
    app.ollama.chat = error_in_mid_stream() if dies else says(endless())
    page = page_of(app.url)
    ask(page)
    if not dies:
        expect(page.locator("#live .draft")).to_contain_text("word3")
        page.locator("#stop").click() if ended == "by the button" else page.keyboard.press("Escape")
        assert app.ollama.client_left.wait(1)
    answered(page)
    expect(page.locator(".trouble .draft")).to_contain_text("To determine how" if dies else "word3")
    expect(page.locator(".trouble [role=alert]")).to_contain_text("Ollama" if dies else "Stopped")
    app.ollama.chat = says(RIGHT)
    press(page, "Ask again")
    expect(page.locator("#talk .answer")).to_contain_text("200 kilometres")
    answered(page)


def test_an_answer_goes_on_while_its_page_is_loaded_anew_or_shows_another_conversation(
    app: App, page_of: PageOf, gate: threading.Event
) -> None:
    app.ollama.chat, held = says(RIGHT), app.ollama.chat
    page = asked(page_of, app, "Where is Homs?")
    page.locator("#side .toggle-button").click()
    press(page, "New conversation")
    expect(page.locator("#talk .empty")).to_be_visible()
    app.ollama.chat, before = held, len(app.ollama.chats)
    ask(page)
    for loaded in (lambda: None, page.reload):
        loaded()
        expect(page.locator("#live .found").first).to_be_visible()
        expect(page.locator("#stop")).to_be_visible()
        expect(page).to_have_url(re.compile(r"\?c="))
    page.locator("#side .toggle-button").click()
    page.locator("#listed .title", has_text="Where is Homs?").click()
    expect(page.locator("#talk .question")).to_have_text("Where is Homs?")
    expect(page.locator("#live .turn")).to_have_count(0)
    gate.set()
    page.locator("#listed .title", has_text=QUESTION).click()
    expect(page.locator("#talk .question")).to_have_text(QUESTION)
    expect(page.locator("#talk .answer .chip").first).to_be_visible()
    chats = app.ollama.chats[before:]
    assert len(chats) == len({json.dumps(chat) for chat in chats})  # it was asked once


def test_closing_the_page_stops_the_engine(app: App, page_of: PageOf) -> None:
    app.ollama.chat = says(endless(pause=0.25))  # forty seconds for the longest answer
    page = page_of(app.url)
    ask(page)
    expect(page.locator("#live .draft")).to_contain_text("word3")
    page.close()
    assert app.ollama.client_left.wait(20)


def test_when_ollama_comes_back_the_badge_says_so(app: App, page_of: PageOf) -> None:
    page = page_of(app.url)
    app.ollama.leave()
    expect(page.locator(".engine.lost")).to_be_visible(timeout=15_000)  # the page asks every five seconds
    app.ollama.come_back()
    expect(page.locator(".engine.ready")).to_be_visible(timeout=15_000)
    ask(page)
    expect(page.locator("#talk .answer")).to_contain_text("200 kilometres")


def test_when_ollama_leaves_in_mid_answer_another_engine_takes_over(
    seeds_dir: Path, tmp_path: Path, page_of: PageOf
) -> None:
    home = shutil.copytree(seeds_dir, tmp_path / "data")
    options = ("--data-dir", str(home), "--engine", "ollama", "--model", MODEL)
    with OllamaDouble(chat=says(endless())) as ollama, started(*options, OLLAMA_HOST=ollama.url) as (url, _):
        page = page_of(url)
        expect(page.locator(".engine.ready")).to_contain_text(MODEL)
        ask(page)
        expect(page.locator("#live .draft")).to_contain_text("word3")
        ollama.leave()
        expect(page.locator(".trouble .draft")).to_contain_text("word3")
        expect(page.locator(".engine.lost [role=alert]")).to_contain_text("`ollama serve`", timeout=15_000)
        press(page, "What answers here")
        page.locator(".engine").get_by_role("button", name=re.compile("^embedded")).click()
        expect(page.locator(".engine.ready")).to_contain_text("embedded", timeout=60_000)
        press(page, "Ask again")
        expect(page.locator("#talk .by")).to_contain_text("embedded", timeout=120_000)


def test_readers_see_and_delete_only_their_own(app: App, page_of: PageOf) -> None:
    anna, boris = asked(page_of, app), asked(page_of, app)
    pane = anna.locator(".chip").first.get_attribute("data-pane")
    assert anna.request.get(f"{app.url}/pane?{pane}").ok
    assert boris.request.get(f"{app.url}/pane?{pane}").status == 404
    his = boris.url
    boris.goto(anna.url)
    expect(boris.locator("#talk .empty")).to_be_visible()
    anna.locator("#side .toggle-button").click()
    press(anna, "Delete all my conversations")
    anna.locator("dialog").get_by_role("button", name="Delete all").click()
    expect(anna.locator("#listed .title")).to_have_count(0)
    expect(anna.locator("#talk .empty")).to_be_visible()
    boris.goto(his)
    expect(boris.locator("#talk .question")).to_have_text(QUESTION)


def test_a_user_logs_in_and_out_below_the_path(seeds_dir: Path, tmp_path: Path, browser: Browser) -> None:
    home = shutil.copytree(seeds_dir, tmp_path / "data")
    Users(home / "access.db").add("anna", PASSWORD)
    ((name, path),) = BELOW.items()
    with process(home, "--served-as", name + path) as own, reverse_proxy(own, path, strips=True) as port:
        url = f"http://{name}:{port}{path}"
        page = browser.new_page()
        page.goto(url)
        page.get_by_label("Name").fill("anna")
        page.get_by_label("Password").fill(PASSWORD)
        press(page, "Log in")
        expect(page).to_have_url(f"{url}/")
        press(page, "Log out anna")
        expect(page).to_have_url(f"{url}/login")


def test_a_question_full_of_markup_is_shown_as_text(app: App, page_of: PageOf) -> None:
    evil = '<img src=x onerror="window.ran=1"> <script>window.ran=1</script> **b** ${window.ran=1} {{1}} `x`'
    app.ollama.chat = says(evil)
    page = asked(page_of, app, evil)
    assert page.locator("#talk .question").text_content() == evil
    assert page.evaluate("window.ran") is None


def test_verdicts_are_kept_and_a_turn_is_taken_back_into_the_box(app: App, page_of: PageOf) -> None:
    page, store = asked(page_of, app), Conversations(app.home / "conversations.db")
    for verdict, comment, begun, label in (
        ("down", "too short", "Bad answer", "What is wrong with it?"),
        ("up", "right after all", "Good answer", "What is to be said of this answer?"),
    ):
        press(page, begun)
        if verdict == "up":
            expect(page.get_by_role("button", name=begun)).to_have_attribute("aria-pressed", "true")
            press(page, "Comment on the verdict")
        page.get_by_label(label).fill(comment)
        page.keyboard.press("Enter")
        expect(page.get_by_role("button", name="Comment on the verdict")).to_have_attribute("data-text", comment)
        expect(page.get_by_role("button", name=begun)).to_have_attribute("aria-pressed", "true")
        ((turn,),) = store.with_verdicts()
        assert (turn.verdict, turn.comment) == (verdict, comment)
    press(page, "Edit the question")
    expect(page.locator("#box textarea")).to_have_value(QUESTION)
    expect(page.locator("#talk .turn")).to_have_count(0)


def test_conversations_are_listed_renamed_and_deleted(app: App, page_of: PageOf) -> None:
    page = asked(page_of, app)
    page.locator("#side .toggle-button").click()
    titles = page.locator("#listed .title")
    expect(titles).to_have_text([QUESTION])
    press(page, f"Rename: {QUESTION}")
    expect(page.locator("dialog[open]")).to_be_visible()
    assert serious_faults(page) == []
    page.get_by_label("A name for this conversation").fill("Distances")
    page.keyboard.press("Enter")
    expect(titles).to_have_text(["Distances"])
    press(page, "Delete: Distances")
    page.keyboard.press("Escape")
    expect(page.locator("dialog")).to_have_count(0)
    expect(titles).to_have_text(["Distances"])
    press(page, "Delete: Distances")
    page.locator("dialog").get_by_role("button", name="Delete").click()
    expect(titles).to_have_count(0)
    expect(page.locator("#talk .empty")).to_be_visible()


def test_a_file_is_added_found_asked_about_and_removed(anywhere: App, page_of: PageOf, tmp_path: Path) -> None:
    flood, broken = tmp_path / "flood.txt", tmp_path / "broken.pdf"
    flood.write_text(" date 2026-01-02 The river Dola flooded the town of Mirest on Friday.", encoding="utf-8")
    broken.write_bytes(b"no pdf")
    anywhere.ollama.chat = says("The river Dola flooded the town of Mirest.")
    page = page_of(anywhere.url)
    page.goto(f"{anywhere.url}/articles")
    rows, told = page.locator("#corpus tbody tr"), page.locator("#told")
    expect(rows).to_have_count(2)
    page.locator("#drop input[type=file]").set_input_files(broken)
    expect(told).to_contain_text("uploads/broken.pdf:")
    expect(rows).to_have_count(2)
    page.locator("#drop input[type=file]").set_input_files(flood)
    expect(told).to_contain_text("1 added")
    expect(rows).to_have_count(3)
    page.get_by_label("Search").fill("withdrawn")
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("The Syrian army says it has withdrawn")
    page.get_by_label("Search").fill("")
    press(page, "The river Dola flooded the town")
    expect(page.locator("#pane .text")).to_contain_text("on Friday")

    page.goto(anywhere.url)
    ask(page, "Which town did the river Dola flood?")
    expect(page.locator("#talk .answer")).to_contain_text("Mirest")
    page.locator(".chip").first.click()
    expect(page.locator("#pane .about")).to_contain_text("uploads/flood.txt")

    page.goto(f"{anywhere.url}/articles")
    press(page, re.compile("^Remove The river"))
    page.locator("dialog").get_by_role("button", name="Remove").click()
    expect(rows).to_have_count(2)
    page.goto(anywhere.url)
    ask(page, "Which town did the river Dola flood?")
    expect(page.locator("#talk .refusal")).to_be_visible()


def test_dates_narrow_the_next_question_and_days_stand_in_words_wherever_one_is_shown(
    anywhere: App, page_of: PageOf
) -> None:
    page = page_of(anywhere.url)
    page.locator("#side .toggle-button").click()
    page.get_by_text("Narrow the articles").click()
    shown = page.locator("body").inner_text()
    assert "of 5 December 2024" in shown
    page.get_by_label("Until").fill("2020-01-01")
    expect(page.locator("#chips .narrowed")).to_have_text("until 1 January 2020 ✕")
    ask(page)
    expect(page.locator("#talk .refusal")).to_be_visible()
    expect(page.locator("#talk .narrowed")).to_have_text("until 1 January 2020")
    press(page, "Remove: until 1 January 2020")
    expect(page.locator("#chips .narrowed")).to_have_count(0)
    expect(page.get_by_label("Until")).to_have_value("")
    page.get_by_label("From", exact=True).fill("2024-12-05")
    ask(page)
    expect(page.locator("#talk .answer").last).to_contain_text("200 kilometres")
    answered(page, turns=2)
    shown += page.locator("body").inner_text()
    page.locator("#talk .chip").first.click()  # the article's own text stays as it is
    expect(page.locator("#pane .about")).to_contain_text("5 December 2024")
    shown += exported(page, "Markdown")
    for address, row in (("/articles", "#corpus tbody tr"), ("/runs", "#runs tbody tr")):
        page.goto(f"{anywhere.url}{address}")
        page.locator(row).first.wait_for()
        shown += page.locator("body").inner_text()
    with page.expect_popup() as report:
        page.locator("#runs td a").click()
    page.locator("#runs input[type=checkbox]").check()
    with page.expect_popup() as chosen:
        press(page, "Open the chosen ones")
    assert report.value.url == chosen.value.url == f"{anywhere.url}/reports?run={RUN}"
    assert re.findall(r".*\d{4}-\d\d-\d\d.*", shown) == []


def test_on_a_phone_nothing_is_cut_off_and_the_pane_has_the_whole_width(app: App, page_of: PageOf) -> None:
    page = asked(page_of, app, viewport=PHONE)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.locator(".chip").first.click()
    expect(page.locator("#pane .text")).to_be_visible()
    box = page.locator("#pane").bounding_box()
    assert box and box["width"] == 390
    press(page, "Close the article")
    expect(page.locator("#pane")).to_be_hidden()
    furthest = "Math.max(...[...document.querySelectorAll('main *')].map(e => e.getBoundingClientRect().right))"
    for address in ("/", "/articles", "/runs"):
        page.goto(f"{app.url}{address}")
        page.locator("#talk .empty, #corpus tbody tr, #runs tbody tr").first.wait_for()
        assert page.evaluate(furthest) <= 390, address


def test_on_a_phone_the_question_stays_in_sight_and_a_reader_who_scrolls_away_is_left_there(
    app: App, page_of: PageOf, gate: threading.Event
) -> None:
    app.ollama.chat, held = says(RIGHT), app.ollama.chat
    page = asked(page_of, app, viewport=SHORT)
    ask(page, HAMA)
    answered(page, turns=2)
    expect(page.locator("#talk .question").last).to_be_in_viewport()
    expect(page.locator("#talk .question").first).not_to_be_in_viewport()
    app.ollama.chat = held
    ask(page, f"{HAMA} ")
    expect(page.locator("#live .found").first).to_be_visible()
    page.mouse.move(200, 200)
    page.mouse.wheel(0, -5000)
    expect(page.locator("#top")).to_be_in_viewport()
    gate.set()
    answered(page, turns=3)
    expect(page.locator("#top")).to_be_in_viewport()


def test_slash_goes_to_the_question_shift_enter_makes_a_line_and_enter_asks(app: App, page_of: PageOf) -> None:
    page, box = page_of(app.url), "#box textarea"
    page.locator("#top").click()
    page.keyboard.press("/")
    expect(page.locator(box)).to_be_focused()
    expect(page.locator(box)).to_have_value("")
    page.keyboard.type("How far is Hama")
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("from Damascus?")
    expect(page.locator(box)).to_have_value("How far is Hama\nfrom Damascus?")
    page.keyboard.press("Enter")
    expect(page.locator("#talk .question")).to_have_text("How far is Hama\nfrom Damascus?")


def test_axe_finds_no_serious_fault(app: App, page_of: PageOf) -> None:
    page = asked(page_of, app)
    page.locator(".chip").first.click()
    expect(page.locator("#pane mark#here")).to_be_visible()
    assert serious_faults(page) == []
    page.locator(".engine summary").click()
    assert serious_faults(page) == []
    for address, part in (("/articles", ".js-plotly-plot .bars"), ("/runs", "#runs td a")):
        page.goto(f"{app.url}{address}")
        page.locator(part).first.wait_for()
        assert serious_faults(page) == [], address
