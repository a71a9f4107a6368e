"use strict";
// What the pages can do besides being read: sort and filter a table, scroll a wide one by keyboard, find a report, open
// what is folded before printing. Without this script everything is still there, in the order it was written.
const NUMBER = /^[<≤]?\s*[-+−]?[\d,]*\.?\d+(e[-+]?\d+)?\s*%?$/i;
const textOf = (row, column) => row.cells[column].textContent.trim();
const isMissing = (text) => text === "" || text === "–" || text === "—";
const numberOf = (text) => parseFloat(text.replace(/[<≤,%\s]/g, "").replace("−", "-"));

function sortable(table) {
  const head = table.tHead, body = table.tBodies[0];
  if (!head || head.rows.length !== 1 || table.tBodies.length !== 1 || body.rows.length < 2) return;
  const width = head.rows[0].cells.length;
  if ([...head.rows, ...body.rows].some((row) => row.cells.length !== width || row.querySelector("[colspan],[rowspan]"))) return;
  const written = [...body.rows];
  [...head.rows[0].cells].forEach((cell, column) => {
    if (cell.tagName !== "TH" || !cell.textContent.trim()) return;
    const button = document.createElement("button");
    button.type = "button";
    button.append(...cell.childNodes);
    cell.append(button);
    button.addEventListener("click", () => {
      const before = cell.getAttribute("aria-sort");
      const order = before === "ascending" ? "descending" : before === "descending" ? "" : "ascending";
      for (const other of head.rows[0].cells) other.removeAttribute("aria-sort");
      if (order) cell.setAttribute("aria-sort", order);
      body.append(...(order ? sorted(written, column, order === "ascending" ? 1 : -1) : written));
    });
  });
  table.classList.add("sortable");
}

function sorted(rows, column, direction) {
  const filled = rows.filter((row) => !isMissing(textOf(row, column)));
  const numeric = filled.every((row) => NUMBER.test(textOf(row, column)));
  const compare = (a, b) =>
    numeric ? numberOf(a) - numberOf(b) : a.localeCompare(b, "en", { numeric: true, sensitivity: "base" });
  filled.sort((a, b) => direction * compare(textOf(a, column), textOf(b, column)));
  // What is missing stays last, whichever way the rest is ordered.
  return [...filled, ...rows.filter((row) => isMissing(textOf(row, column)))];
}

function reachable() {
  for (const box of document.querySelectorAll(".scrolled")) {
    const wide = box.scrollWidth > box.clientWidth + 1;
    if (wide) {
      box.tabIndex = 0;
      box.setAttribute("role", "group");
      box.setAttribute("aria-label", "Wide content, can be scrolled sideways");
    } else {
      for (const name of ["tabindex", "role", "aria-label"]) box.removeAttribute(name);
    }
  }
}

function findable(panel) {
  const search = panel.querySelector("input"), choices = [...panel.querySelectorAll("select")];
  const entries = [...document.querySelectorAll("article.study")], said = panel.querySelector("output");
  const nothing = document.getElementById("nothing");
  const asked = (entry) => entry.closest("section")?.querySelector("h2")?.textContent ?? "";
  const words = new Map(entries.map((entry) => [entry, `${asked(entry)} ${entry.textContent}`.toLowerCase()]));
  const show = () => {
    const wanted = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const entry of entries) {
      const fits =
        wanted.every((word) => words.get(entry).includes(word)) &&
        choices.every((choice) => !choice.value || entry.dataset[choice.dataset.of] === choice.value);
      entry.hidden = !fits;
      shown += fits ? 1 : 0;
    }
    said.textContent = `${shown} of ${entries.length} reports`;
    nothing.hidden = shown > 0;
    for (const part of document.querySelectorAll("section.question")) part.hidden = !part.querySelector("article:not([hidden])");
  };
  const clear = () => {
    search.value = "";
    for (const choice of choices) choice.value = "";
    show();
  };
  search.addEventListener("input", show);
  search.addEventListener("keydown", (event) => { if (event.key === "Escape") clear(); });
  for (const choice of choices) choice.addEventListener("change", show);
  panel.querySelector("button").addEventListener("click", () => { clear(); search.focus(); });
  panel.hidden = false;
  show();
}

function filterable(box) {
  const table = box.querySelector("table"), rows = table ? [...table.tBodies[0].rows] : [];
  if (rows.length < 8) return;
  const words = new Map(rows.map((row) => [row, row.textContent.toLowerCase()]));
  const bar = document.createElement("div"), label = document.createElement("label");
  const input = document.createElement("input"), said = document.createElement("output");
  bar.className = "filter";
  input.type = "search";
  label.append("Rows that hold ", input);
  bar.append(label, said);
  const show = () => {
    const wanted = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const row of rows) {
      row.hidden = !wanted.every((word) => words.get(row).includes(word));
      shown += row.hidden ? 0 : 1;
    }
    said.textContent = `${shown} of ${rows.length} rows`;
  };
  input.addEventListener("input", show);
  input.addEventListener("keydown", (event) => { if (event.key === "Escape") { input.value = ""; show(); } });
  box.querySelector(".scrolled").before(bar);
  show();
}

document.querySelectorAll("table:not(.facts)").forEach(sortable);
document.querySelectorAll("details.whole").forEach(filterable);
document.querySelectorAll("[role=search]").forEach(findable);
reachable();
addEventListener("resize", reachable);
document.querySelectorAll("details").forEach((folded) => folded.addEventListener("toggle", reachable));
addEventListener("beforeprint", () => document.querySelectorAll("details").forEach((folded) => { folded.open = true; }));
