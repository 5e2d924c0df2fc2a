// What the page does by itself: the article pane, the quote under the pointer, keys, copying.
(() => {
  "use strict";
  const $ = id => document.getElementById(id);
  const make = (tag, attributes) => Object.assign(document.createElement(tag), attributes);
  let opener = null;

  const pane = make("aside", { id: "pane", hidden: true });
  pane.setAttribute("aria-label", "Article");
  const shut = make("button", { type: "button", className: "shut", textContent: "✕", title: "Close (Esc)" });
  shut.setAttribute("aria-label", "Close the article");
  const inside = make("div", { className: "inside" });
  pane.append(shut, inside);
  const spoken = make("div", { className: "spoken" });
  spoken.setAttribute("role", "status");
  const tip = make("div", { id: "tip", hidden: true });
  tip.setAttribute("role", "tooltip");

  async function open(button) {
    const answer = await fetch("pane?" + button.dataset.pane);
    inside.innerHTML = await answer.text();  // made by web/render.py, which escapes
    if (!pane.contains(button)) opener = button;
    pane.hidden = false;
    document.body.classList.add("pane-open");
    document.querySelectorAll(".chip.current").forEach(chip => chip.classList.remove("current"));
    button.classList.add("current");
    const mark = $("here");
    (mark || inside.querySelector("h2"))?.focus({ preventScroll: true });
    mark?.scrollIntoView({ block: "center" });
  }

  function close() {
    pane.hidden = true;
    document.body.classList.remove("pane-open");
    opener?.focus();
  }
  shut.addEventListener("click", close);

  function hint(chip) {
    const quote = $(chip.getAttribute("aria-describedby"));
    if (!quote) return;
    tip.replaceChildren(...Array.from(quote.children, child => child.cloneNode(true)));
    tip.style.left = tip.style.top = "0";  // measured where it has all the room
    tip.hidden = false;
    const at = chip.getBoundingClientRect();
    const left = Math.min(at.left, innerWidth - tip.offsetWidth - 8);
    const above = at.top - tip.offsetHeight - 6;
    tip.style.left = Math.max(8, left) + "px";
    tip.style.top = (above > 0 ? above : at.bottom + 6) + "px";
  }

  function flash(button, text) {
    const before = button.textContent;
    button.textContent = text;
    setTimeout(() => (button.textContent = before), 1500);
  }

  // the words of an answer and its quotes, as plain text
  function words(turn) {
    const parts = [...turn.querySelectorAll(".answer > p:not(.by):not(.notes), .sides p")].map(part => {
      const copy = part.cloneNode(true);
      copy.querySelectorAll(".chip").forEach(chip => chip.replaceWith(` [${chip.textContent}]`));
      return copy.textContent;
    });
    const quotes = [...turn.querySelectorAll(".quotes > li")].map(
      quote => `[${quote.value}] “${quote.querySelector("blockquote").textContent}” ${quote.querySelector(".about").textContent}`);
    return [turn.querySelector(".question").textContent, ...parts, ...quotes].join("\n\n");
  }

  async function copy(button) {
    const text = words(button.closest(".turn"));
    try {
      await navigator.clipboard.writeText(text);
    } catch {  // not allowed outside https and localhost
      const area = make("textarea", { value: text });
      document.body.append(area);
      area.select();
      document.execCommand("copy");
      area.remove();
    }
    flash(button, "✓ Copied");
  }

  // what must be said before a button does what it does: [text, the button's word, what is written so far]
  const FIRST = {
    delete: () => ["Delete this conversation?", "Delete"],
    "delete-all": () => ["Delete all your conversations? They cannot be brought back.", "Delete all"],
    remove: () => ["Remove this file and all its articles?", "Remove"],
    rename: button => ["A name for this conversation", "Rename", button.parentElement.querySelector(".title").textContent],
    down: () => ["What is wrong with it? (may stay empty)", "Keep", ""],
    comment: button => ["What is to be said of this answer?", "Keep", button.dataset.text],
  };

  // asks in the page's own dialog; what was written ("" where nothing was asked for), null if it was called off
  function dialogue(text, word, value) {
    const dialog = make("dialog", { className: "asked" });
    const form = make("form", { method: "dialog" });
    const label = make("label", { textContent: text });
    const input = value === undefined ? null : make("input", { value, maxLength: 2000, autocomplete: "off" });
    const yes = make("button", { value: "yes", textContent: word });
    const no = make("button", { type: "button", textContent: "Cancel" });
    no.addEventListener("click", () => dialog.close());
    if (input) label.append(input);
    form.append(label, yes, no);
    dialog.append(form);
    document.body.append(dialog);
    dialog.showModal();
    (input ?? no).focus();
    return new Promise(resolve => dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "yes" ? input?.value ?? "" : null);
    }));
  }

  // buttons inside Gradio's HTML: `send` brings what was done to Python
  async function act(button, send) {
    const data = { ...button.dataset };
    if (data.act === "copy") return copy(button);
    if (data.act in FIRST) {
      const said = await dialogue(...FIRST[data.act](button));
      if (said === null) return button.focus();
      data.text = said;
    }
    send(data);
    if (data.act === "edit") setTimeout(() => field()?.focus(), 300);
  }
  window.dateline = { act };

  const field = () => document.querySelector("#box textarea, #box input");

  document.addEventListener("click", event => {
    const button = event.target.closest("[data-pane]");
    if (button) open(button);
  });
  for (const [enter, leave] of [["mouseover", "mouseout"], ["focusin", "focusout"]]) {
    document.addEventListener(enter, event => {
      const chip = event.target.closest?.(".chip");
      if (chip) hint(chip);
    });
    document.addEventListener(leave, event => {
      if (event.target.closest?.(".chip")) tip.hidden = true;
    });
  }
  document.addEventListener("keydown", event => {
    const typing = event.target.closest?.("input, textarea, [contenteditable]");
    if (event.key === "Escape") {
      if (document.querySelector("dialog[open]")) return;  // which closes by itself
      const stop = document.querySelector("#stop:is(button), #stop button");
      if (stop && stop.offsetParent) stop.click();
      else if (!pane.hidden) close();
      tip.hidden = true;
    } else if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      field()?.focus();
    }
  });

  // the address names the conversation, so that a reload comes back to it
  function remember() {
    const id = document.querySelector("[data-conversation]")?.dataset.conversation;
    const url = new URL(location.href);
    if (id) url.searchParams.set("c", id);
    else if (document.querySelector("#talk .empty")) url.searchParams.delete("c");
    if (url.href !== location.href) history.replaceState(null, "", url);
  }

  // for screen readers, in a live region that stays: what is being done, and the answer's words when it is there
  let answering = false;
  function speak() {
    const status = document.querySelector("#live .status");
    if (status) say(status.textContent);
    else if (answering) {
      const answer = [...document.querySelectorAll("#talk .turn .answer")].pop();
      if (answer) say([...answer.querySelectorAll("h3, p:not(.by):not(.notes), .sides p")].map(part => part.textContent).join(" "));
    }
    answering = Boolean(status);
  }
  function say(text) {
    if (spoken.textContent !== text) spoken.textContent = text;
  }

  // a new turn is scrolled to, and as it grows its end stays in sight as long as its question does; until the reader
  // scrolls by themselves
  let follow = true, shown = "";
  for (const kind of ["wheel", "touchmove"]) addEventListener(kind, () => (follow = false), { passive: true });
  addEventListener("mousedown", event => {
    if (event.clientX >= document.documentElement.clientWidth) follow = false;  // the scroll bar
  });
  addEventListener("keydown", event => {
    if (/^(Page|Arrow|Home|End)/.test(event.key) && !event.target.closest?.("input, textarea")) follow = false;
  });
  new MutationObserver(changes => {
    remember();
    if (!changes.some(change => change.target.closest?.("#talk, #live"))) return;
    speak();
    const all = document.querySelectorAll(".turn"), last = all[all.length - 1];
    if (!last) return;
    const what = document.querySelector("[data-conversation]")?.dataset.conversation + last.querySelector(".question").textContent;
    if (what !== shown) follow = true;
    shown = what;
    if (!follow) return;
    const end = document.documentElement.scrollHeight - innerHeight;
    scrollTo(0, Math.min(end, last.getBoundingClientRect().top + scrollY - 8));
  }).observe(document.body, { childList: true, subtree: true });

  // how long ago the folder was read, as Dateline says it: this machine's clock may be another
  async function freshen() {
    if (document.hidden || !document.querySelector("time.read")) return;
    try {
      const answer = await fetch("read");
      if (!answer.ok) return;
      const told = await answer.text();  // made by web/render.py
      document.querySelectorAll("time.read").forEach(one => one.outerHTML !== told && (one.outerHTML = told));
    } catch {  // Dateline itself is away: Gradio says so
    }
  }
  setInterval(freshen, 10_000);
  document.addEventListener("visibilitychange", freshen);

  document.body.append(pane, tip, spoken);
})();
