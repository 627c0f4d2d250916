/* Rows that can be put in order: by dragging their handle, or by its arrow keys. */
"use strict";

(() => {
  let dragged = null;

  const rowOf = (target) => target.closest?.("[data-order] > tr");

  function send(list) {
    const form = document.getElementById(list.dataset.order);
    for (const old of form.querySelectorAll("[name=route]")) old.remove();
    for (const row of list.children) {
      const input = document.createElement("input");
      Object.assign(input, { type: "hidden", name: "route", value: row.dataset.item });
      form.append(input);
    }
    form.requestSubmit();
  }

  // A row can be dragged only by its handle, so that its text can still be marked.
  document.addEventListener("pointerdown", (event) => {
    const row = event.target.closest("[data-handle]") && rowOf(event.target);
    if (row) row.draggable = true;
  });

  document.addEventListener("pointerup", (event) => {
    const row = rowOf(event.target);
    if (row) row.draggable = false;
  });

  document.addEventListener("dragstart", (event) => {
    dragged = rowOf(event.target);
    if (!dragged) return;
    event.dataTransfer.effectAllowed = "move";
    dragged.dataset.dragged = "";
  });

  document.addEventListener("dragover", (event) => {
    const row = dragged && rowOf(event.target);
    if (!row || row.parentElement !== dragged.parentElement) return;
    event.preventDefault();
    const box = row.getBoundingClientRect();
    const isBelow = event.clientY > box.top + box.height / 2;
    if (row !== dragged) row[isBelow ? "after" : "before"](dragged);
  });

  document.addEventListener("dragend", () => {
    if (!dragged) return;
    delete dragged.dataset.dragged;
    dragged.draggable = false;
    send(dragged.parentElement);
    dragged = null;
  });

  document.addEventListener("keydown", (event) => {
    const row = event.target.closest("[data-handle]") && rowOf(event.target);
    const beside = {
      ArrowUp: row?.previousElementSibling,
      ArrowDown: row?.nextElementSibling,
    }[event.key];
    if (!row || !["ArrowUp", "ArrowDown"].includes(event.key)) return;
    event.preventDefault();
    if (!beside) return;
    beside[event.key === "ArrowUp" ? "before" : "after"](row);
    send(row.parentElement);
  });
})();
