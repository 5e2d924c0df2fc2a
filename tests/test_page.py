"""The page in a real browser: `make test-ui`."""

import json
import re
import shutil
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event

import pytest
from app_helpers import MODEL, PASSWORD, QUESTION, QUOTED, RIGHT, App, app_over, process, says, started
from index_helpers import index_directory, written
from model_hub import first_run
from ollama_double import OllamaDouble, endless
from page_steps import NAME, PATH, RUN, PageOf, answered, ask, below, exported, no_serious_fault, press, sees
from playwright.sync_api import Browser, expect

from index.embed import TextEmbedder
from index.sqlite import SqliteCatalog
from index.store import ArticleIndex
from web.conversations import Conversations
from web.users import Users

pytestmark = pytest.mark.browser
pytest_plugins = ["page_fixtures"]
HERE = re.compile(r"\?c=")  # the address of a conversation


def test_passages_come_first_and_a_chip_opens_the_very_words(anywhere: App, page_of: PageOf, gate: Event) -> None:
    page, failed = page_of(anywhere.url), list[str]()
    page.on("response", lambda reply: failed.append(reply.url) if reply.status >= 400 else None)
    page.reload()
    sees(page, {".engine.ready": MODEL})
    with page.expect_response(f"{anywhere.url}/engine"):
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")  # then the badge is brought up to date
    gate.clear()
    ask(page)
    expect(page.locator("#live .found blockquote").first).to_be_visible()
    heard = ".spoken[role=status]"  # by a screen reader
    sees(page, {"#live .draft": 0, heard: "Reading these passages"})
    gate.set()
    answered(page)
    sees(page, {heard: "200 kilometres"})

    page.locator(".chip").first.hover()
    sees(page, {"#tip": re.compile(f"{re.escape(QUOTED)}.*5 December 2024", re.DOTALL)})
    expect(page).to_have_url(HERE)
    page.reload()
    sees(page, {"#talk .question": QUESTION})
    page.locator(".chip").first.click()
    mark = page.locator("#pane mark#here")
    expect(mark).to_be_in_viewport()
    quote = page.locator(".quotes blockquote").text_content() or ""
    assert QUOTED in quote == " ".join((mark.text_content() or "").split())
    no_serious_fault(page)
    page.locator(".engine summary").click()
    no_serious_fault(page)
    assert QUOTED in exported(page, "Markdown")
    (told,) = json.loads(exported(page, "JSON with citations"))["turns"]
    assert QUOTED in told["answer"]["citations"][0]["quote"]
    assert failed == []


@pytest.mark.parametrize(("window", "column"), [((1280, 720), 860), ((390, 844), None)], ids=["desktop", "phone"])
def test_the_column_has_one_width_from_the_first_frame_to_the_last(
    app: App, browser_with_bars: Browser, gate: Event, window: tuple[int, int], column: int | None
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
    gate.clear()
    ask(page)
    expect(page.locator("#live .found blockquote").first).to_be_visible()
    gate.set()
    answered(page)
    answered(ask(page, "Who is the mayor of Paris?"), turns=2)  # the page becomes longer than the window
    seen = page.evaluate("Object.entries(seen).map(([part, widths]) => [part, ...widths])")
    assert [len(widths) for _, *widths in seen] == [1, 1, 1], seen
    assert column is None or seen[0][1].startswith(f"{column}.0 ")
    assert page.evaluate("document.documentElement.scrollHeight > innerHeight")


@pytest.mark.parametrize("stopped", ["by the button", "by Escape"])
def test_what_was_stopped_leaves_its_draft_and_is_asked_again(app: App, page_of: PageOf, stopped: str) -> None:
    app.ollama.chat = says(endless())
    page = ask(page_of(app.url))
    sees(page, {"#live .draft": "word3"})
    page.locator("#stop").click() if stopped == "by the button" else page.keyboard.press("Escape")
    assert app.ollama.client_left.wait(1)
    answered(page)
    sees(page, {".trouble .draft": "word3", ".trouble [role=alert]": "Stopped"})
    app.ollama.chat = says(RIGHT)
    press(page, "Ask again")
    sees(page, {"#talk .answer": "200 kilometres"})
    answered(page)


def test_an_answer_goes_on_while_its_page_shows_it_anew_or_another(app: App, page_of: PageOf, gate: Event) -> None:
    page = answered(ask(page_of(app.url), "Where is Homs?"))
    page.locator("#side .toggle-button").click()
    press(page, "New conversation")
    sees(page, {"#talk .empty": 1})
    gate.clear()
    before = len(app.ollama.chats)
    ask(page)
    for loaded in (lambda: None, page.reload):
        loaded()
        expect(page.locator("#live .found").first).to_be_visible()
        expect(page.locator("#stop")).to_be_visible()
        expect(page).to_have_url(HERE)
    page.locator("#side .toggle-button").click()
    page.locator("#listed .title", has_text="Where is Homs?").click()
    sees(page, {"#talk .question": "Where is Homs?", "#live .turn": 0})
    gate.set()
    page.locator("#listed .title", has_text=QUESTION).click()
    sees(page, {"#talk .question": QUESTION, "#talk .answer .chip": 1})
    chats = app.ollama.chats[before:]
    assert len(chats) == len({json.dumps(chat) for chat in chats})  # it was asked once


def test_closing_the_page_stops_the_engine(app: App, page_of: PageOf) -> None:
    app.ollama.chat = says(endless(pause=0.25))  # forty seconds for the longest answer
    page = ask(page_of(app.url))
    sees(page, {"#live .draft": "word3"})
    page.close()
    assert app.ollama.client_left.wait(20)


def test_ollama_leaves_and_comes_back_and_another_takes_over(seeds_dir: Path, tmp_path: Path, page_of: PageOf) -> None:
    home = shutil.copytree(seeds_dir, tmp_path / "data")
    options = ("--data-dir", str(home), "--engine", "ollama", "--model", MODEL)
    with OllamaDouble(chat=says(endless())) as ollama, started(*options, OLLAMA_HOST=ollama.url) as (url, _):
        page = page_of(url)
        sees(page, {".engine.ready": MODEL})
        ask(page)
        sees(page, {"#live .draft": "word3"}, seconds=30)  # it loads the embedder first
        ollama.leave()
        sees(page, {".trouble .draft": "word3", ".engine.lost [role=alert]": "`ollama serve`"}, seconds=15)
        ollama.come_back()
        sees(page, {".engine.ready": MODEL}, seconds=15)  # the page asks every five seconds
        ollama.leave()
        sees(page, {".engine.lost": 1}, seconds=15)
        press(page, "What answers here")
        press(page, re.compile("^embedded"), within=".engine")
        sees(page, {".engine.ready": "embedded"}, seconds=60)
        press(page, "Ask again")
        sees(page, {"#talk .by": "embedded"}, seconds=120)


def test_the_download_is_shown_paused_gone_on_with_and_then_the_question_is_answered(
    seeds: Path, tmp_path: Path, page_of: PageOf
) -> None:
    with first_run(tmp_path, seeds, until=300_000_000) as (url, hub):
        page = page_of(url)
        sees(page, {".engine.fetching": re.compile("2[678] %")})
        ask(page)
        sees(page, {"#live .found": "Hama", "#live .status": re.compile("Waiting for the model, 2[678] %")})
        press(page, "Pause")
        sees(page, {".engine.paused": "what has arrived is kept", "#talk .trouble": "fetching it is paused"})
        hub.through.set()
        press(page, "Go on")
        sees(page, {".engine.ready": "embedded"}, seconds=120)
        press(page, "Ask again")
        sees(page, {"#talk .by": "embedded"}, seconds=120)
        first, second = hub.ranges
        assert first is None
        assert second and int(second.removeprefix("bytes=").removesuffix("-")) >= 300_000_000


def test_conversations_are_listed_renamed_and_deleted_by_their_reader_alone(app: App, page_of: PageOf) -> None:
    anna, boris = answered(ask(page_of(app.url))), answered(ask(page_of(app.url)))
    pane = anna.locator(".chip").first.get_attribute("data-pane")
    assert [page.request.get(f"{app.url}/pane?{pane}").status for page in (anna, boris)] == [200, 404]
    his = boris.url
    boris.goto(anna.url)
    sees(boris, {"#talk .empty": 1})

    anna.locator("#side .toggle-button").click()
    sees(anna, {"#listed .title": QUESTION})
    press(anna, f"Rename: {QUESTION}")
    sees(anna, {"dialog[open]": 1})
    no_serious_fault(anna)
    anna.get_by_label("A name for this conversation").fill("Distances")
    anna.keyboard.press("Enter")
    sees(anna, {"#listed .title": "Distances"})
    press(anna, "Delete: Distances")
    anna.keyboard.press("Escape")
    sees(anna, {"dialog": 0, "#listed .title": 1})
    for way, sure in (("Delete: Distances", "Delete"), ("Delete all my conversations", "Delete all")):
        press(anna, way)
        press(anna, sure, within="dialog")
        sees(anna, {"#listed .title": 0, "#talk .empty": 1})
        answered(ask(anna))
    boris.goto(his)
    sees(boris, {"#talk .question": QUESTION})


def test_a_user_logs_in_and_out_below_the_path(seeds_dir: Path, tmp_path: Path, browser: Browser) -> None:
    home = shutil.copytree(seeds_dir, tmp_path / "data")
    Users(home / "access.db").add("anna", PASSWORD)
    with process(home, "--served-as", NAME + PATH) as own:
        page, url = browser.new_page(), below(own)
        page.goto(url)
        page.get_by_label("Name").fill("anna")
        page.get_by_label("Password").fill(PASSWORD)
        press(page, "Log in")
        expect(page).to_have_url(f"{url}/")
        press(page, "Log out anna")
        expect(page).to_have_url(f"{url}/login")


def test_markup_is_shown_as_text_verdicts_are_kept_and_a_turn_is_taken_back(app: App, page_of: PageOf) -> None:
    evil = '<img src=x onerror="window.ran=1"> <script>window.ran=1</script> **b** ${window.ran=1} {{1}} `x`'
    app.ollama.chat = says(evil)
    page, store = answered(ask(page_of(app.url), evil)), Conversations(app.home / "conversations.db")
    assert page.locator("#talk .question").text_content() == evil
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
    expect(page.locator("#box textarea")).to_have_value(evil)
    sees(page, {"#talk .turn": 0})
    assert page.evaluate("window.ran") is None


def test_a_file_is_added_found_asked_about_and_removed(anywhere: App, page_of: PageOf, tmp_path: Path) -> None:
    flood, broken = tmp_path / "flood.txt", tmp_path / "broken.pdf"
    flood.write_text(" date 2026-01-02 The river Dola flooded the town of Mirest on Friday.", encoding="utf-8")
    broken.write_bytes(b"no pdf")
    anywhere.ollama.chat = says("The river Dola flooded the town of Mirest.")
    page, rows = page_of(anywhere.url), "#corpus tbody tr"
    page.goto(f"{anywhere.url}/articles")
    sees(page, {rows: 2})
    for file, told, count in ((broken, "uploads/broken.pdf:", 2), (flood, "1 added", 3)):
        page.locator("#drop input[type=file]").set_input_files(file)
        sees(page, {"#told": told, rows: count})
    page.get_by_label("Search").fill("withdrawn")
    sees(page, {rows: 1})
    sees(page, {rows: "The Syrian army says it has withdrawn"})
    page.get_by_label("Search").fill("")
    press(page, "The river Dola flooded the town")
    sees(page, {"#pane .text": "on Friday"})

    page.goto(anywhere.url)
    ask(page, "Which town did the river Dola flood?")
    sees(page, {"#talk .answer": "Mirest"})
    page.locator(".chip").first.click()
    sees(page, {"#pane .about": "uploads/flood.txt"})

    page.goto(f"{anywhere.url}/articles")
    press(page, re.compile("^Remove The river"))
    press(page, "Remove", within="dialog")
    sees(page, {rows: 2})
    page.goto(anywhere.url)
    ask(page, "Which town did the river Dola flood?")
    sees(page, {"#talk .refusal": 1})


def test_a_file_of_questions_is_answered_while_its_page_is_away_and_the_answers_taken_away(
    anywhere: App, page_of: PageOf, gate: Event, tmp_path: Path
) -> None:
    page, questions = page_of(anywhere.url), tmp_path / "questions.csv"
    page.goto(f"{anywhere.url}/questions")
    page.locator("#questions").wait_for()
    no_serious_fault(page)
    for content, told in (
        ("question,since\nWhen?,then\n", "since must be a date"),
        (f"question\n{QUESTION}\n", "0 of 1"),
    ):
        gate.clear()
        questions.write_text(content, encoding="utf-8")
        page.locator("#questions input[type=file]").set_input_files(questions)
        sees(page, {"#batch": told})
    expect(page.locator("#stop-batch")).to_have_text("Stop")
    page.reload()
    sees(page, {"#batch [role=status]": QUESTION})
    gate.set()
    sees(page, {"#batch": "1 question, 0 not answered by the articles, 0 failed."})
    expect(page.locator("#stop-batch")).to_be_hidden()
    for form in ("CSV", "JSON Lines", "Markdown"):
        assert "200 kilometres" in exported(page, form)


def test_an_emptied_folder_keeps_its_articles_until_a_reader_takes_them_out(
    embedding: TextEmbedder, tmp_path: Path, page_of: PageOf
) -> None:
    file, rows = written(tmp_path / "news", "a.txt", "The mill burned."), "#corpus tbody tr"
    with ArticleIndex(tmp_path / "data", embedding) as index:
        index.sync(file.parent)
    file.unlink()
    with app_over(tmp_path / "data") as app:
        page = page_of(app.url)
        page.goto(f"{app.url}/articles")
        press(page, "Read the folder again")
        sees(page, {"#told [role=alert]": "1 of the 1 articles", rows: 1})
        press(page, "Take them out")
        sees(page, {"#told": "1 removed", rows: 0})


def test_how_old_the_reading_is_stays_true_while_the_page_is_open(app: App, page_of: PageOf) -> None:
    page = page_of(app.url)
    for minutes, told in ((0, "read just now"), (3, "read 3 minutes ago")):
        with closing(SqliteCatalog.open(index_directory(app.home), write=True)) as catalog:
            catalog.note_read(datetime.now(UTC) - timedelta(minutes=minutes))
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
        sees(page, {".empty time.read": told})
    page.goto(f"{app.url}/articles")
    sees(page, {"#corpus p.about": "2 articles · read 3 minutes ago"})


def test_dates_narrow_the_next_question_and_stand_in_words_everywhere(anywhere: App, page_of: PageOf) -> None:
    page = page_of(anywhere.url)
    page.locator("#side .toggle-button").click()
    page.get_by_text("Narrow the articles").click()
    shown = page.locator("body").inner_text()
    assert "of 5 December 2024" in shown
    page.get_by_label("Until").fill("2020-01-01")
    sees(page, {"#chips .narrowed": "until 1 January 2020 ✕"})
    ask(page)
    sees(page, {"#talk .refusal": 1, "#talk .narrowed": "until 1 January 2020"})
    press(page, "Remove: until 1 January 2020")
    sees(page, {"#chips .narrowed": 0})
    expect(page.get_by_label("Until")).to_have_value("")
    page.get_by_label("Source", exact=True).fill("Reuters")
    sees(page, {"#chips .narrowed": "source Reuters ✕"})
    press(page, "Remove: source Reuters")
    sees(page, {"#chips .narrowed": 0})
    expect(page.get_by_label("Source", exact=True)).to_have_value("")
    page.get_by_label("From", exact=True).fill("2024-12-05")
    ask(page)
    sees(page, {"#talk .answer": "200 kilometres"})
    answered(page, turns=2)
    shown += page.locator("body").inner_text()
    page.locator("#talk .chip").first.click()  # the article's own text stays as it is
    sees(page, {"#pane .about": "5 December 2024"})
    shown += exported(page, "Markdown")
    for address, part in (("/articles", ".js-plotly-plot .bars"), ("/runs", "#runs tbody tr")):
        page.goto(f"{anywhere.url}{address}")
        page.locator(part).first.wait_for()
        no_serious_fault(page)
        shown += page.locator("body").inner_text()
    assert re.findall(r".*\d{4}-\d\d-\d\d.*", shown) == []
    with page.expect_popup() as report:
        page.locator("#runs td a").click()
    page.locator("#runs input[type=checkbox]").check()
    with page.expect_popup() as chosen:
        press(page, "Open the chosen ones")
    assert report.value.url == chosen.value.url == f"{anywhere.url}/reports?run={RUN}"


def test_on_a_phone_nothing_is_cut_off_and_the_pane_has_the_whole_width(app: App, page_of: PageOf) -> None:
    page = answered(ask(page_of(app.url, viewport={"width": 390, "height": 844})))
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.locator(".chip").first.click()
    expect(page.locator("#pane .text")).to_be_visible()
    assert (page.locator("#pane").bounding_box() or {})["width"] == 390
    press(page, "Close the article")
    expect(page.locator("#pane")).to_be_hidden()
    # what is drawn within a picture may reach past it: it is not seen there
    right = "e => e.getBoundingClientRect().right"
    furthest = f"Math.max(...[...document.querySelectorAll('main *:not(svg *)')].map({right}))"
    for address in ("/", "/articles", "/runs"):
        page.goto(f"{app.url}{address}")
        page.locator("#talk .empty, #corpus tbody tr, #runs tbody tr").first.wait_for()
        assert page.evaluate(furthest) <= 390, address


def test_the_newest_question_stays_in_sight_unless_one_scrolls_away(app: App, page_of: PageOf, gate: Event) -> None:
    page = answered(ask(page_of(app.url, viewport={"width": 390, "height": 500})))
    answered(ask(page, "How far from Damascus is Hama?"), turns=2)
    expect(page.locator("#talk .question").last).to_be_in_viewport()
    expect(page.locator("#talk .question").first).not_to_be_in_viewport()
    gate.clear()
    ask(page)
    expect(page.locator("#live .found").first).to_be_visible()
    page.mouse.move(200, 200)
    page.mouse.wheel(0, -5000)
    expect(page.locator("#top")).to_be_in_viewport()
    gate.set()
    answered(page, turns=3)
    expect(page.locator("#top")).to_be_in_viewport()


def test_slash_goes_to_the_question_shift_enter_makes_a_line_and_enter_asks(app: App, page_of: PageOf) -> None:
    page = page_of(app.url)
    box, lines = page.locator("#box textarea"), "How far is Hama\nfrom Damascus?"
    page.locator("#top").click()
    page.keyboard.press("/")
    expect(box).to_be_focused()
    expect(box).to_have_value("")
    for line, key in zip(lines.split("\n"), ("Shift+Enter", "Enter"), strict=True):
        expect(box).to_have_value(lines[: lines.index(line)])
        page.keyboard.type(line)
        page.keyboard.press(key)
    expect(page.locator("#talk .question")).to_have_text(lines)
