/* Lists: rows that follow what happens, and rows that are ticked. */
"use strict";

(() => {
  const EVERY = 5000;
  const SLOWEST = 60_000;
  const QUIET = 12; // polls without news, after which it asks half as often

  // Live rows. An element with data-mark sends it along; 304 says that it still holds.
  const states = new WeakMap();
  const stateOf = (elt) => {
    if (!states.has(elt)) states.set(elt, { quiet: 0, failed: 0, next: 0 });
    return states.get(elt);
  };

  function waitOf({ quiet, failed }) {
    const halvings = Math.floor(quiet / QUIET) + failed;
    return Math.min(EVERY * 2 ** halvings, SLOWEST);
  }

  function isInUse(target) {
    if (target.querySelector("details[open], input:checked, :focus-visible")) return true;
    const selection = document.getSelection();
    return !selection.isCollapsed && selection.intersectsNode?.(target) !== false
      && target.contains(selection.anchorNode);
  }

  const isTimed = (elt) => /every/.test(elt.getAttribute("hx-trigger") ?? "");
  const isPoll = ({ elt, requestConfig }) => isTimed(elt) && !requestConfig?.triggeringEvent;

  document.addEventListener("htmx:beforeRequest", (event) => {
    const { elt, target } = event.detail;
    if (!isTimed(elt)) return;
    const state = stateOf(elt);
    const isEarly = isPoll(event.detail) && Date.now() < state.next;
    if (document.hidden || isEarly || isInUse(target ?? elt)) return event.preventDefault();
    if (elt.dataset.mark) state.next = Date.now() + waitOf(state) - 500;
  });

  document.addEventListener("htmx:configRequest", (event) => {
    const { elt, headers } = event.detail;
    if (isTimed(elt) && elt.dataset.mark) headers["If-None-Match"] = elt.dataset.mark;
  });

  // Somebody may have begun to use the rows while the answer was on its way.
  document.addEventListener("htmx:beforeSwap", (event) => {
    const { elt, target, xhr } = event.detail;
    if (!isTimed(elt)) return;
    if (isInUse(target)) event.detail.shouldSwap = false;
    else if (xhr.status === 200 && elt.dataset.mark) {
      elt.dataset.mark = xhr.getResponseHeader("ETag") ?? "";
    }
  });

  document.addEventListener("htmx:afterRequest", (event) => {
    const { elt, xhr } = event.detail;
    if (!isTimed(elt) || !elt.dataset.mark) return;
    const state = stateOf(elt);
    state.failed = xhr.status === 200 || xhr.status === 304 ? 0 : state.failed + 1;
    state.quiet = xhr.status === 304 ? state.quiet + 1 : 0;
  });

  // Back to the usual pace as soon as somebody is there again.
  function wake() {
    for (const elt of document.querySelectorAll("[data-mark]")) {
      const state = stateOf(elt);
      if (state.quiet >= QUIET) Object.assign(state, { quiet: 0, next: 0 });
    }
  }
  for (const sign of ["pointerdown", "keydown"]) document.addEventListener(sign, wake);

  document.addEventListener("visibilitychange", () => {
    if (document.hidden) return;
    wake();
    document.body.dispatchEvent(new CustomEvent("refresh"));
  });

  // Ticked rows: Shift ticks all in between, arrows walk, Escape lets go.
  const ROWS = 'tbody input[type="checkbox"]';
  let anchor = null;
  const rowsOf = (form) => [...form.querySelectorAll(ROWS)];

  function count(form) {
    const rows = rowsOf(form);
    const ticked = rows.filter((row) => row.checked).length;
    form.querySelector("[data-pick-count]").textContent = ticked;
    const all = form.querySelector("[data-pick-all]");
    if (!all) return;
    all.checked = ticked > 0 && ticked === rows.length;
    all.indeterminate = ticked > 0 && !all.checked;
  }

  function tickAll(form, checked) {
    for (const row of rowsOf(form)) row.checked = checked;
    count(form);
  }

  function tickBetween(form, one, other, checked) {
    const rows = rowsOf(form);
    const [from, to] = [rows.indexOf(one), rows.indexOf(other)].sort((a, b) => a - b);
    if (from < 0) return;
    for (const row of rows.slice(from, to + 1)) row.checked = checked;
  }

  document.addEventListener("click", (event) => {
    const form = event.target.closest("form[data-pick]");
    if (!form) return;
    if (event.target.matches(ROWS)) {
      const row = event.target;
      if (event.shiftKey && anchor) tickBetween(form, anchor, row, row.checked);
      anchor = row;
    } else if (event.target.closest("[data-pick-none]")) {
      tickAll(form, false);
      rowsOf(form)[0]?.focus();
    } else if (event.target.matches("[data-pick-all]")) {
      return tickAll(form, event.target.checked);
    } else return;
    count(form);
  });

  document.addEventListener("keydown", (event) => {
    const form = event.target.closest?.("form[data-pick]");
    if (!form) return;
    if (event.key === "Escape") return tickAll(form, false);
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step || !event.target.matches(ROWS)) return;
    event.preventDefault();
    const rows = rowsOf(form);
    const next = rows[rows.indexOf(event.target) + step];
    if (!next) return;
    if (event.shiftKey) {
      event.target.checked = next.checked = true;
      count(form);
    }
    anchor = next;
    next.focus();
  });

  // What the browser kept ticked when one came back is counted, too.
  window.addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form[data-pick]")) count(form);
  });
  document.addEventListener("htmx:afterSwap", (event) => {
    const form = event.detail.target.closest?.("form[data-pick]");
    if (form) count(form);
  });
})();
