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
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post" || !document.querySelector(".shell")) return;
    const values = fieldsOf(form).map((field) => [field.name, isTick(field)
      ? [field.value, field.checked] : field.value]);
    if (values.length) write({ page: location.pathname, action: form.action, values });
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

  document.addEventListener("DOMContentLoaded", () => {
    const draft = read();
    if (!draft) return;
    // A page outside the workspace has come between: log-in, or one that says why.
    if (!document.querySelector(".shell")) return write({ ...draft, isLost: true });
    sessionStorage.removeItem(KEY);
    if (!draft.isLost || draft.page !== location.pathname) return;
    const form = [...document.forms].find((known) => known.action === draft.action);
    if (!form) return;
    fill(form, draft.values);
    form.querySelector(KEPT)?.focus();
  });
})();
