"use strict";
(() => {
  const form = document.querySelector("form.filters");
  const rows = [...document.querySelectorAll("tr[data-status]")];
  const folds = rows.map((row) => row.querySelector("details")).filter(Boolean);
  if (form) {
    const chips = [...form.querySelectorAll("[data-filter]")];
    const severity = form.elements.namedItem("severity");
    const words = form.elements.namedItem("words");
    const fold = form.elements.namedItem("fold");
    const present = new Set(rows.map((row) => row.dataset.status));
    const texts = new Map();
    const text = (row) => {
      if (!texts.has(row)) texts.set(row, row.textContent.toLowerCase());
      return texts.get(row);
    };
    const apply = () => {
      const wanted = new Set(chips.filter((c) => c.getAttribute("aria-pressed") === "true").map((c) => c.dataset.filter));
      const asked = words.value.trim().toLowerCase();
      let shown = 0;
      for (const row of rows) {
        const fits = wanted.has(row.dataset.status) && Number(row.dataset.severity) >= Number(severity.value);
        row.hidden = !(fits && (!asked || text(row).includes(asked)));
        shown += row.hidden ? 0 : 1;
      }
      for (const area of document.querySelectorAll(".area")) {
        area.hidden = ![...area.querySelectorAll("tr[data-status]")].some((row) => !row.hidden);
      }
      form.querySelector(".shown").textContent = `${shown} of ${rows.length} shown`;
    };
    for (const chip of chips) {
      chip.hidden = !present.has(chip.dataset.filter);
      chip.addEventListener("click", () => {
        chip.setAttribute("aria-pressed", String(chip.getAttribute("aria-pressed") !== "true"));
        apply();
      });
    }
    fold.addEventListener("click", () => {
      const open = fold.textContent === "Unfold all";
      for (const each of folds) each.open = open;
      fold.textContent = open ? "Fold all" : "Unfold all";
    });
    severity.addEventListener("change", apply);
    words.addEventListener("input", apply);
    form.addEventListener("submit", (event) => event.preventDefault());
    form.hidden = false;
    apply();
  }
  let opened = [];
  addEventListener("beforeprint", () => {
    opened = [...document.querySelectorAll('tr[data-status="FAIL"] details:not([open]), tr[data-status="ERROR"] details:not([open])')];
    for (const each of opened) each.open = true;
  });
  addEventListener("afterprint", () => {
    for (const each of opened) each.open = false;
  });
})();
