/* What scripts add to pages that work without them. No inline code, no eval. */
"use strict";

(() => {
  const toasts = () => document.getElementById("toasts");

  function toast(text) {
    const region = toasts();
    if (!region || !text) return;
    const line = document.createElement("p");
    line.className = "toast";
    line.textContent = text;
    region.replaceChildren(line);
    setTimeout(() => line.remove(), 6000);
  }

  // Copy buttons. The clipboard needs https or localhost; elsewhere the old way.
  async function copy(text) {
    if (navigator.clipboard && window.isSecureContext) {
      return navigator.clipboard.writeText(text);
    }
    const area = document.createElement("textarea");
    area.value = text;
    area.className = "sr-only";
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    if (!done) throw new Error("copying is not allowed here");
  }

  async function onCopy(button) {
    const said = button.querySelector("span");
    try {
      await copy(button.dataset.copy);
    } catch {
      return toast(toasts()?.dataset.failed);
    }
    const before = said?.textContent;
    button.dataset.done = "";
    const copied = toasts()?.dataset.copied;
    if (said) said.textContent = copied;
    else toast(copied);
    setTimeout(() => {
      delete button.dataset.done;
      if (said) said.textContent = before;
    }, 1600);
  }

  // Menus close on a click elsewhere; dialogs on their cancel link or backdrop.
  function closeMenus(except) {
    for (const menu of document.querySelectorAll("details.menu[open]")) {
      if (!menu.contains(except)) menu.open = false;
    }
  }

  document.addEventListener("click", (event) => {
    const target = event.target;
    const button = target.closest("[data-copy]");
    if (button) onCopy(button);
    closeMenus(target);
    const dialog = target.closest("dialog[open]");
    if (dialog && (target === dialog || target.closest("[data-close]"))) {
      event.preventDefault();
      dialog.close();
    }
    const opener = target.closest("[data-dialog]");
    if (opener) {
      const named = document.getElementById(opener.dataset.dialog);
      if (named?.showModal) {
        event.preventDefault();
        named.showModal();
      }
    }
  });

  // Menus by arrows: down opens one, then they go round; Home and End lead to the ends.
  function onMenuKey(event) {
    const menu = event.target.closest("details.menu");
    const steps = { ArrowDown: 1, ArrowUp: -1, Home: 0, End: 0 };
    if (!menu || !(event.key in steps) || event.target.closest("select")) return;
    if (!menu.open && !steps[event.key]) return;
    event.preventDefault();
    menu.open = true;
    const items = [...menu.querySelectorAll(".menu-panel :is(a[href], button, input)")];
    const at = items.indexOf(document.activeElement);
    const ends = { Home: 0, End: items.length - 1 };
    const first = steps[event.key] < 0 ? items.length - 1 : 0;
    const next = ends[event.key] ?? (at < 0 ? first : at + steps[event.key]);
    items.at(next % items.length)?.focus();
  }

  document.addEventListener("keydown", (event) => {
    onMenuKey(event);
    if (event.key === "Escape") {
      const menu = document.querySelector("details.menu[open]");
      closeMenus(null);
      menu?.querySelector("summary").focus();
    }
    const isTyping = event.target.closest("input, select, textarea, [contenteditable]");
    const isSlash = event.key === "/" && !isTyping;
    const isCtrlK = event.key === "k" && (event.ctrlKey || event.metaKey);
    const boxes = (name) => [...document.querySelectorAll(name)];
    const every = [...boxes("[data-search-all]"), ...boxes("[data-search]")];
    const search = (isSlash || isCtrlK) && every.find((box) => box.checkVisibility());
    if (search) {
      event.preventDefault();
      search.focus();
      search.select();
    }
  });

  // Who tabs out of a menu has left it.
  document.addEventListener("focusin", (event) => closeMenus(event.target));

  // Forms: filters submit themselves; nothing is sent twice.
  document.addEventListener("change", (event) => {
    // A date is typed part by part, and each part changes it.
    if (event.target.type === "datetime-local") return;
    if (!event.target.name) return;
    event.target.closest("form[data-autosubmit]")?.requestSubmit();
  });

  function setBusy(form, submitter, busy) {
    if (busy) form.dataset.sent = "";
    else delete form.dataset.sent;
    const button = submitter ?? form.querySelector("[aria-busy]");
    if (busy) button?.setAttribute("aria-busy", "true");
    else button?.removeAttribute("aria-busy");
  }

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method === "get") {
      for (const input of form.elements) {
        if (input.name && input.value === "") input.disabled = true;
      }
      setTimeout(() => {
        for (const input of form.elements) if (input.value === "") input.disabled = false;
      });
      return;
    }
    if (form.method === "dialog" || event.defaultPrevented) return;
    if ("sent" in form.dataset) return event.preventDefault();
    setBusy(form, event.submitter, true);
  });

  window.addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form[data-sent]")) setBusy(form, null, false);
  });

  // A GET that was led elsewhere met the login page: go there, and come back here.
  document.addEventListener("htmx:beforeSwap", (event) => {
    const { xhr, requestConfig } = event.detail;
    if (!xhr.responseURL) return;
    const asked = new URL(requestConfig.path, location.href).pathname;
    const met = new URL(xhr.responseURL).pathname;
    if (requestConfig.verb === "get" ? met !== asked : met.endsWith("/login")) {
      event.detail.shouldSwap = false;
      location.reload();
    }
  });

  document.addEventListener("htmx:afterSwap", (event) => {
    const target = event.detail.target;
    if (target instanceof HTMLDialogElement && !target.open && target.firstElementChild) {
      target.showModal();
    }
  });

  document.addEventListener("htmx:afterRequest", (event) => {
    const form = event.detail.elt.closest("form");
    if (form) setBusy(form, null, false);
  });

  for (const failure of ["htmx:sendError", "htmx:timeout", "htmx:responseError"]) {
    document.addEventListener(failure, (event) => {
      const isExpired = [401, 403].includes(event.detail.xhr?.status);
      const { expired, failed } = toasts()?.dataset ?? {};
      const isPoll = event.detail.elt.hasAttribute("data-mark");
      if (!document.hidden && !isPoll) toast(isExpired ? expired : failed);
    });
  }

  document.addEventListener("DOMContentLoaded", () => {
    document.querySelector("[data-focus]")?.focus();
    // On phones a row of tabs is wider than the page.
    const tab = document.querySelector(".tabs [aria-current]");
    tab?.scrollIntoView({ block: "nearest", inline: "center" });
  });
})();
