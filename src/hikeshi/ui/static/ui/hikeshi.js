// Keys, selection, copying and small comforts. Every page works without this file.
"use strict";
(() => {
  const body = document.body;
  const keysOn = body.dataset.shortcuts === "on";
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const inField = (target) => target.closest("input:not([type=checkbox]), textarea, select, [contenteditable]");

  // ---- lists: the row one stands on, and which rows are selected ----
  let here = null;
  let lastPick = null;
  const rows = () => all("[data-list] tbody tr");

  const stand = (row) => {
    if (here) here.removeAttribute("data-here");
    here = row;
    if (!row) return;
    row.setAttribute("data-here", "");
    row.scrollIntoView({ block: "nearest" });
    const link = row.querySelector("a[href]");
    if (link) link.focus({ preventScroll: true });
  };

  const step = (by) => {
    const list = rows();
    if (!list.length) return;
    const at = here && here.isConnected ? list.indexOf(here) : by > 0 ? -1 : list.length;
    stand(list[Math.min(Math.max(at + by, 0), list.length - 1)]);
  };

  // ---- matrix: arrows go from cell to cell, Shift takes cells along, Enter opens one ----
  const WAYS = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };

  const nextCell = (from, [down, right]) => {
    const td = from.closest("td");
    const inside = all(".cell", td);
    const beside = inside[inside.indexOf(from) + down];
    if (down && beside) return beside;
    let row = td.parentElement;
    let column = td.cellIndex;
    for (;;) {
      if (down) row = down > 0 ? row.nextElementSibling : row.previousElementSibling;
      else column += right;
      const there = row && row.cells[column];
      if (!there || there.tagName !== "TD") return null;
      const found = all(".cell", there);
      if (found.length) return found[down < 0 ? found.length - 1 : 0];
    }
  };

  const walkMatrix = (event) => {
    const cell = event.target.closest("table.matrix .cell");
    if (!keysOn || !cell || event.ctrlKey || event.metaKey || event.altKey) return;
    const box = cell.querySelector("input[type=checkbox]");
    const link = cell.querySelector("a[href]");
    if (event.key === "Enter" && event.target === box && link) {
      event.preventDefault();
      link.click();
    }
    if (!WAYS[event.key]) return;
    event.preventDefault();
    const to = nextCell(cell, WAYS[event.key]);
    if (!to) return;
    const target = to.querySelector("input[type=checkbox]") || to.querySelector("a[href]");
    if (!target) return;
    if (event.shiftKey) for (const one of [box, target]) if (one && one.type === "checkbox") one.checked = true;
    target.focus();
    to.scrollIntoView({ block: "nearest", inline: "nearest" });
  };
  document.addEventListener("keydown", walkMatrix);

  const showPicked = (list) => {
    const boxes = all("tbody input[name=pick]", list);
    const picked = boxes.filter((box) => box.checked);
    for (const box of boxes) box.closest("tr").toggleAttribute("data-picked", box.checked);
    const head = list.querySelector("thead input[data-pick-all]");
    if (head) {
      head.checked = boxes.length > 0 && picked.length === boxes.length;
      head.indeterminate = picked.length > 0 && picked.length < boxes.length;
    }
    const bar = list.querySelector("[data-bulk]");
    if (!bar) return;
    bar.hidden = picked.length === 0;
    const said = bar.querySelector("[data-bulk-count]");
    if (said) said.textContent = said.dataset.text.replace("%n", picked.length);
  };

  const pick = (box, range) => {
    const list = box.closest("[data-list]");
    const boxes = all("tbody input[name=pick]", list);
    if (range && lastPick && boxes.includes(lastPick)) {
      const [from, to] = [boxes.indexOf(lastPick), boxes.indexOf(box)].sort((a, b) => a - b);
      for (const one of boxes.slice(from, to + 1)) one.checked = box.checked;
    }
    lastPick = box;
    showPicked(list);
  };

  document.addEventListener("click", (event) => {
    const box = event.target.closest("tbody input[name=pick]");
    if (box) pick(box, event.shiftKey);
  });
  document.addEventListener("change", (event) => {
    if (!event.target.matches("input[data-pick-all]")) return;
    const list = event.target.closest("[data-list]");
    for (const box of all("tbody input[name=pick]", list)) box.checked = event.target.checked;
    showPicked(list);
  });

  // ---- keys ----
  let waiting = false;
  const press = (key) => {
    // The row one stands on comes first, then the page.
    const scope = here && here.isConnected ? [here, document] : [document];
    for (const root of scope) {
      const found = root.querySelector(`[data-key="${CSS.escape(key)}"]`);
      if (found) { found.click(); return true; }
    }
    return false;
  };
  const acts = {
    "/": () => {
      const search = document.querySelector(".search input");
      if (search && search.offsetParent) search.focus();
      else document.querySelector(".topbar a[href$='/search/']")?.click();
    },
    "?": () => document.getElementById("keys")?.showModal(),
    ".": () => document.querySelector(".page-head .actions :is(a, button), .next :is(a, button)")?.focus(),
    g: () => { waiting = true; setTimeout(() => { waiting = false; }, 1500); },
    j: () => step(1),
    k: () => step(-1),
    x: () => {
      const box = here?.querySelector("input[name=pick]");
      if (box) { box.checked = !box.checked; pick(box, false); }
    },
    X: () => {
      const box = here?.querySelector("input[name=pick]");
      if (box) { box.checked = true; pick(box, true); }
    },
    u: () => all("time[data-utc]").forEach(turn),
  };

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape") {
      if (inField(event.target)) event.target.blur();
      for (const menu of all("details.chip-menu[open]")) menu.open = false;
      return;
    }
    if (!keysOn || inField(event.target) || document.querySelector("dialog[open]")) return;
    if (waiting) {
      waiting = false;
      document.querySelector(`.nav [data-go="${CSS.escape(event.key)}"]`)?.click();
      return;
    }
    if (event.key in acts) { event.preventDefault(); acts[event.key](); return; }
    if (event.key === "Enter") {
      if (here && event.target.closest("a, button, summary") === null) here.querySelector("a[href]")?.click();
      return;
    }
    if (event.key.length === 1 && press(event.key)) event.preventDefault();
  });

  // ---- moments: a press shows them in UTC, another in the reader's zone ----
  const turn = (time) => {
    const shown = time.textContent;
    time.textContent = time.dataset.utc;
    time.dataset.utc = shown;
  };

  document.addEventListener("click", (event) => {
    const time = event.target.closest("time[data-utc]");
    if (time && !time.closest("a, button, summary")) turn(time);

    const opener = event.target.closest("[data-open]");
    const dialog = opener && document.getElementById(opener.dataset.open);
    if (dialog) { event.preventDefault(); dialog.showModal(); }

    const copier = event.target.closest("[data-copy]");
    if (copier) {
      navigator.clipboard.writeText(copier.dataset.copy).then(() => {
        copier.dataset.done = "";
        say(copier.dataset.copied || "");
        setTimeout(() => { delete copier.dataset.done; }, 1500);
      });
    }

    // A menu of a chip closes when one clicks beside it.
    for (const menu of all("details.chip-menu[open]")) {
      if (!menu.contains(event.target)) menu.open = false;
    }
  });

  const say = (text) => {
    const said = document.getElementById("said");
    if (said) said.textContent = text;
  };

  // ---- forms: a second press while the first is under way does nothing ----
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post") return;
    if (form.dataset.sending) { event.preventDefault(); return; }
    if (!form.hasAttribute("hx-post")) form.dataset.sending = "on";
  });
  // Coming back by the browser's own button shows the page as it was left: free it again.
  window.addEventListener("pageshow", () => {
    for (const form of all("form[data-sending]")) delete form.dataset.sending;
  });

  // Fields that say so send their form when they change; without script there is a button.
  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-submit]")) event.target.form.requestSubmit();
  });

  // ---- htmx: what comes back with an error ----
  document.addEventListener("htmx:beforeSwap", (event) => {
    const { xhr } = event.detail;
    if (xhr.status < 400) return;
    if (xhr.getResponseHeader("HX-Retarget") || xhr.status === 422) {
      event.detail.shouldSwap = true;
      event.detail.isError = false;
    } else {
      trouble();
    }
  });
  document.addEventListener("htmx:sendError", () => trouble());
  const trouble = () => {
    const text = document.getElementById("trouble");
    document.getElementById("messages")?.replaceChildren(text.content.cloneNode(true));
  };

  // ---- at the start and after each swap ----
  const ready = (root) => {
    for (const list of all("[data-list]", root.parentNode || root)) showPicked(list);
    for (const only of all("[data-needs-script]", root)) only.hidden = false;
  };
  document.addEventListener("htmx:afterSwap", (event) => ready(event.detail.target));
  ready(document);
})();
