// The engine's badge: how it is with it, kept up to date while the page is looked at; and what its buttons do.
(() => {
  "use strict";
  const place = () => document.getElementById("engine");
  const SOON = 1000, LATER = 5000;
  let shown = "", phase = "", timer;

  function show(html, pressed) {
    const here = place();
    if (!here || html === shown) return;
    const before = here.querySelector("details"), at = document.activeElement;
    const act = here.contains(at) ? at.dataset.engineAct || at.tagName.toLowerCase() : null;
    here.innerHTML = shown = html;  // made by web/badge.py, which escapes
    const details = here.querySelector("details");
    const now = details.className;
    // it opens by itself when something is wrong or on its way, and stays as the reader left it otherwise
    if (before && now === phase) details.open = before.open;
    else if (before?.open && (pressed || before.contains(at))) details.open = true;  // a disabled button has no focus
    phase = now;
    if (act) here.querySelector(`[data-engine-act="${act}"], ${/^[a-z]+$/.test(act) ? act : "summary"}`)?.focus();
  }

  async function ask(path = "", options = {}) {
    clearTimeout(timer);
    if (!document.hidden && place()) {
      try {
        const answer = await fetch("engine" + path, options);
        if (answer.headers.get("content-type")?.startsWith("text/html")) show(await answer.text(), options.method === "POST");
      } catch {  // Dateline itself is away: Gradio says so
      }
    }
    clearTimeout(timer);
    timer = setTimeout(ask, /fetching|loading|lost|getting/.test(phase) ? SOON : LATER);
  }

  document.addEventListener("click", event => {
    const button = event.target.closest("[data-engine-act]");
    if (!button) return;
    const { engineAct, engine, model } = button.dataset;
    if (engineAct === "show") {
      place().querySelector("details").open = true;
      place().querySelector("summary").focus();
      return;
    }
    button.disabled = true;
    const body = engineAct === "use" ? new URLSearchParams({ engine, model }) : undefined;
    ask("/" + engineAct, { method: "POST", body });
  });
  document.addEventListener("visibilitychange", () => ask());
  ask();
})();
