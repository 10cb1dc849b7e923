"use strict";
(() => {
  const table = document.querySelector("#findings-table");
  document.addEventListener("beforeprint", openAll);
  window.addEventListener("beforeprint", openAll);
  function openAll() {
    for (const part of document.querySelectorAll("details")) part.open = true;
  }
  if (!table) return;

  const body = table.tBodies[0];
  const rows = [...body.rows];
  const text = document.querySelector("#filter-text");
  const severity = document.querySelector("#filter-severity");
  const category = document.querySelector("#filter-category");
  const change = document.querySelector("#filter-change");
  const shown = document.querySelector("#shown");
  const order = { critical: 4, high: 3, medium: 2, low: 1, info: 0 };
  const haystack = new Map(rows.map((row) => [row, row.textContent.toLowerCase()]));

  function matches(row) {
    const words = text.value.toLowerCase().split(/\s+/).filter(Boolean);
    const cell = (at) => row.cells[at].textContent.trim();
    return (
      words.every((word) => haystack.get(row).includes(word)) &&
      (!severity.value || order[cell(0)] >= Number(severity.value)) &&
      (!category.value || cell(4) === category.value) &&
      (!change.checked || row.querySelector(".tag") !== null)
    );
  }

  function filter() {
    let count = 0;
    for (const row of rows) {
      row.hidden = !matches(row);
      if (!row.hidden) count += 1;
    }
    shown.textContent = `Showing ${count} of ${rows.length}`;
  }

  function key(row, at) {
    const value = row.cells[at].textContent.trim();
    if (at === 0) return order[value] ?? -1;
    return /^\d[\d,]*$/.test(value) ? Number(value.replaceAll(",", "")) : value;
  }

  function compare(a, b) {
    if (typeof a === typeof b) return a < b ? -1 : Number(a > b);
    return typeof a === "number" ? -1 : 1;
  }

  function sort(head, at) {
    const up = head.getAttribute("aria-sort") === "descending";
    for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", up ? "ascending" : "descending");
    rows.sort((a, b) => (up ? 1 : -1) * compare(key(a, at), key(b, at)));
    body.append(...rows);
  }

  [...table.tHead.rows[0].cells].forEach((head, at) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => sort(head, at));
  });
  for (const control of [text, severity, category, change]) control.addEventListener("input", filter);
  document.querySelector(".tools").hidden = false;
  filter();
})();
