// Keys, copying and small comforts. Every page works without this file.
"use strict";
(() => {
  const on = document.body.dataset.shortcuts === "on";
  const places = { t: "/", i: "/inbox/", c: "/cases/", f: "/findings/", p: "/products/" };
  let waiting = false;

  const inField = (target) => target.closest("input, textarea, select, [contenteditable]");

  document.addEventListener("keydown", (event) => {
    if (!on || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape" && inField(event.target)) { event.target.blur(); return; }
    if (inField(event.target)) return;
    if (waiting) {
      waiting = false;
      const link = document.querySelector(`.nav a[href="${places[event.key]}"]`);
      if (link) link.click();
      return;
    }
    if (event.key === "/") {
      const search = document.querySelector("input[type=search]");
      if (search) { event.preventDefault(); search.focus(); }
    } else if (event.key === "g") {
      waiting = true;
      setTimeout(() => { waiting = false; }, 1500);
    }
  });

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-copy]");
    if (button) navigator.clipboard.writeText(button.dataset.copy);
  });
})();
