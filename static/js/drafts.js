/* What was typed into a form survives a session that ended before it was sent. */
"use strict";

(() => {
  const KEY = "leadrails-draft";
  const KEPT = "input:not([type=hidden], [type=password], [type=file]), select, textarea";

  function read() {
    try {
      return JSON.parse(sessionStorage.getItem(KEY));
    } catch {
      return null;
    }
  }

  const write = (draft) => sessionStorage.setItem(KEY, JSON.stringify(draft));
  const fieldsOf = (form) => [...form.elements].filter(
    (field) => field.name && field.matches(KEPT) && field.autocomplete !== "one-time-code");
  const isTick = (field) => ["checkbox", "radio"].includes(field.type);

  // Only what somebody typed in the workspace, and only till it has arrived.
  function keep(form) {
    if (form?.method !== "post" || !document.querySelector(".shell")) return;
    const values = fieldsOf(form).map((field) => [field.name, isTick(field)
      ? [field.value, field.checked] : field.value]);
    if (values.length) write({ page: location.pathname, action: form.action, values });
  }

  document.addEventListener("submit", (event) => keep(event.target));

  // A preview met the login page, to which app.js leads.
  document.addEventListener("htmx:beforeSwap", (event) => {
    const { xhr, requestConfig } = event.detail;
    if (xhr.responseURL && new URL(xhr.responseURL).pathname.endsWith("/login")) {
      keep(requestConfig.elt.closest("form"));
    }
  });

  function fill(form, values) {
    for (const [name, value] of values) {
      const alike = fieldsOf(form).filter((field) => field.name === name);
      for (const field of alike) {
        if (!isTick(field)) field.value = value;
        else if (field.value === value[0]) field.checked = value[1];
      }
    }
  }

  // Which fields there are follows from what is in them: the server draws them anew.
  function redraw(form, button, values) {
    for (const field of fieldsOf(form)) field.disabled = true;
    for (const [name, value] of values) {
      const [text, isSet] = Array.isArray(value) ? value : [value, true];
      if (!isSet) continue;
      const field = document.createElement("textarea");
      form.append(Object.assign(field, { name, value: text, hidden: true }));
    }
    form.requestSubmit(button);
  }

  document.addEventListener("DOMContentLoaded", () => {
    const draft = read();
    if (!draft) return;
    // A page outside the workspace has come between: log-in, or one that says why.
    if (!document.querySelector(".shell")) return write({ ...draft, isLost: true });
    sessionStorage.removeItem(KEY);
    if (!draft.isLost || draft.page !== location.pathname) return;
    const form = [...document.forms].find((known) => known.action === draft.action);
    if (!form) return;
    const button = form.querySelector("[data-redraws]");
    if (button) return redraw(form, button, draft.values);
    fill(form, draft.values);
    form.querySelector(KEPT)?.focus();
  });
})();
