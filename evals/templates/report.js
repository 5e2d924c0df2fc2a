"use strict";

let printing = false;

// The figures bring no colours of text and ground: they take the page's, and take them again when it turns dark.
function style() {
  if (printing) return { ink: "#000", soft: "#444", line: "#ccc", ground: "#fff" };
  const of = getComputedStyle(document.documentElement);
  const value = (name) => of.getPropertyValue(name).trim();
  return { ink: value("--ink"), soft: value("--soft"), line: value("--line"), ground: value("--ground") };
}

function dressed(layout) {
  const { ink, soft, line, ground } = style();
  const narrow = window.innerWidth < 560;
  const result = {
    ...layout, paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)",
    font: { family: getComputedStyle(document.body).fontFamily, size: narrow ? 11 : 12, color: ink },
    hoverlabel: { bgcolor: ground, bordercolor: line, font: { color: ink }, align: "left" },
  };
  for (const key of Object.keys(layout).filter((name) => /^[xy]axis\d*$/.test(name))) {
    result[key] = { ...layout[key], gridcolor: line, zerolinecolor: line, linecolor: line, tickcolor: line,
                    tickfont: { color: soft }, automargin: true, fixedrange: true };
  }
  return result;
}

function draw() {
  for (const data of document.querySelectorAll("script[data-plot]")) {
    const figure = JSON.parse(data.textContent);
    for (const trace of figure.data) for (const key of ["error_x", "error_y"]) if (trace[key]) trace[key].color = style().ink;
    Plotly.react(data.previousElementSibling, figure.data, dressed(figure.layout), { displayModeBar: false, responsive: true });
  }
}

function filters() {
  const form = document.querySelector(".filters");
  if (!form) return;
  const cases = [...document.querySelectorAll("details.case")];
  const words = new Map();  // filled at the first search: reading every case takes a moment
  const text = (one) => {
    if (!words.has(one)) words.set(one, one.textContent.toLowerCase());
    return words.get(one);
  };
  const apply = () => {
    const wanted = Object.fromEntries(new FormData(form));
    const sought = wanted.search.trim().toLowerCase();
    let shown = 0;
    for (const one of cases) {
      const fits = ["run", "system", "kind", "verdict", "refused"].every((key) => !wanted[key] || one.dataset[key] === wanted[key])
        && (!sought || text(one).includes(sought));
      one.hidden = !fits;
      shown += fits;
    }
    for (const section of document.querySelectorAll("section.cases")) {
      section.hidden = !section.querySelector("details.case:not([hidden])");
    }
    form.querySelector("output").textContent = `${shown} of ${cases.length}`;
  };
  form.addEventListener("input", apply);
  form.addEventListener("submit", (event) => event.preventDefault());
  apply();
}

document.addEventListener("DOMContentLoaded", () => {
  filters();
  draw();
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  for (const [event, now] of [["beforeprint", true], ["afterprint", false]]) {
    window.addEventListener(event, () => { printing = now; draw(); });
  }
});
