"use strict";
(() => {
  const table = document.querySelector("#targets-table");
  if (!table) return;

  const STEP = 200;
  const LEVELS = 5;
  const FIRST_LEVEL = 2;
  const body = table.tBodies[0];
  const rows = [...body.rows];
  const text = document.querySelector("#filter-text");
  const standing = document.querySelector("#filter-standing");
  const severity = document.querySelector("#filter-severity");
  const shown = document.querySelector("#shown");
  const more = document.querySelector("#more");
  const haystack = new Map(rows.map((row) => [row, row.textContent.toLowerCase()]));
  const words = { c: "compliant", v: "violations", i: "inconclusive", "-": "unknown" };
  let order = rows;
  let room = STEP;

  const number = (row, at) => Number(row.cells[at].dataset.v ?? row.cells[at].textContent);

  function matches(row) {
    const wanted = text.value.toLowerCase().split(/\s+/).filter(Boolean);
    const level = Number(severity.value);
    return (
      wanted.every((word) => haystack.get(row).includes(word)) &&
      (!standing.value || row.cells[0].textContent === standing.value) &&
      (severity.value === "" ||
        [...Array(level + 1).keys()].some((one) => number(row, FIRST_LEVEL + one) > 0))
    );
  }

  function draw(row) {
    const cell = row.cells[FIRST_LEVEL + LEVELS + 2];
    if (cell.childElementCount || !cell.textContent) return;
    const days = cell.textContent;
    cell.textContent = "";
    cell.title = `${days.length} days, the newest last; pale: not checked`;
    for (const day of days) {
      const bar = document.createElement("i");
      bar.className = words[day];
      cell.append(bar);
    }
  }

  function show() {
    const found = order.filter(matches);
    const visible = found.slice(0, room);
    visible.forEach(draw);
    body.replaceChildren(...visible);
    shown.textContent = `Showing ${visible.length} of ${found.length} (${rows.length} in all)`;
    more.hidden = visible.length === found.length;
  }

  function sort(at, button) {
    const head = button.parentElement;
    const down = head.getAttribute("aria-sort") !== "descending";
    for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    const isText = Number.isNaN(number(rows[0], at));
    const key = isText ? (row) => row.cells[at].textContent.toLowerCase() : (row) => number(row, at);
    const sign = (at === 0 || isText ? -1 : 1) * (down ? -1 : 1);
    order = rows
      .map((row) => [key(row), row])
      .sort(([one], [other]) => (one < other ? -sign : one > other ? sign : 0))
      .map(([, row]) => row);
    show();
  }

  [...table.tHead.rows[0].cells].forEach((head, at) => {
    if (at === FIRST_LEVEL + LEVELS + 2) return;
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = head.textContent;
    button.addEventListener("click", () => sort(at, button));
    head.replaceChildren(button);
  });
  for (const control of [text, standing, severity]) {
    control.addEventListener("input", () => {
      room = STEP;
      show();
    });
  }
  more.addEventListener("click", () => {
    room += STEP;
    show();
  });
  window.addEventListener("beforeprint", () => {
    room = rows.length;
    show();
  });
  document.querySelector(".tools").hidden = false;
  show();
})();
