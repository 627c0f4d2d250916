// Keeps the page as the simulator has it, and sends without leaving it.
// Without this script every form still works; the page then reloads.
"use strict";

const EVERY = 1000; // ms between looks
let tag = "";
let bubbles = -1;

const calmly = matchMedia("(prefers-reduced-motion: reduce)").matches;
const all = (selector, root = document) => [...root.querySelectorAll(selector)];

function clocks() {
  const style = { hour: "2-digit", minute: "2-digit" };
  for (const time of all("time[data-clock]")) {
    time.textContent = new Date(time.dateTime).toLocaleTimeString([], style);
    time.title = new Date(time.dateTime).toLocaleString();
  }
  const now = document.querySelector("[data-now]");
  if (now) now.textContent = new Date().toLocaleTimeString([], style);
}

function toTheEnd() {
  const screen = document.querySelector("[data-scroll]");
  if (screen) screen.scrollTop = screen.scrollHeight;
}

function ring() {
  const list = document.getElementById("live-bubbles");
  const count = list ? Number(list.dataset.count) : 0;
  if (bubbles >= 0 && count > bubbles) {
    toTheEnd();
    const newest = list.querySelector(".bubble:last-of-type");
    const phone = document.querySelector(".phone");
    if (!calmly && newest && !newest.classList.contains("mine")) {
      phone.classList.remove("buzz");
      void phone.offsetWidth; // begins the animation again
      phone.classList.add("buzz");
    }
  }
  bubbles = count;
}

function show(text) {
  const fresh = new DOMParser().parseFromString(text, "text/html");
  for (const part of all("[data-live]")) {
    const next = fresh.getElementById(part.id);
    if (!next || next.innerHTML === part.dataset.last) continue;
    const focused = part.contains(document.activeElement) && position(part);
    part.dataset.last = next.innerHTML;
    part.dataset.count = next.dataset.count || "";
    part.replaceChildren(...next.childNodes);
    if (focused) all("a, button", part)[focused - 1]?.focus();
  }
  clocks();
  ring();
}

// Which of its links and buttons has the focus, so that it does not get lost.
function position(part) {
  return all("a, button", part).indexOf(document.activeElement) + 1;
}

async function look() {
  const headers = tag ? { "If-None-Match": tag } : {};
  const answer = await fetch(location.href, { headers, cache: "no-store" });
  if (answer.status !== 200) return;
  tag = answer.headers.get("ETag") || "";
  show(await answer.text());
}

async function lookAgain() {
  if (!document.hidden) {
    try { await look(); } catch { /* the simulator is away; it may come back */ }
  }
  setTimeout(lookAgain, EVERY);
}

async function send(form, button) {
  const data = new FormData(form, button);
  const isFile = form.enctype === "multipart/form-data";
  const body = isFile ? data : new URLSearchParams(data);
  for (const input of all("input[name=body], input[type=file]", form)) input.value = "";
  for (const menu of all("details[open]")) menu.open = false;
  const answer = await fetch(form.action, { method: "POST", body });
  if (!answer.ok && answer.status !== 303) form.classList.add("failed");
  else form.classList.remove("failed");
  await look();
}

// A picture makes the last message taller once it is there; loads do not bubble.
document.addEventListener("load", (event) => {
  if (event.target.matches(".bubble img")) toTheEnd();
}, true);
document.addEventListener("submit", (event) => {
  if (!event.target.matches("[data-send]")) return;
  event.preventDefault();
  const link = event.target.dataset.open;
  if (link) open(link, "_blank", "noreferrer,noopener");
  send(event.target, event.submitter).catch(() => event.target.classList.add("failed"));
});
document.addEventListener("change", (event) => {
  if (event.target.type === "file") event.target.form.requestSubmit();
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of all("details[open]")) menu.open = false;
});

for (const part of all("[data-live]")) part.dataset.last = part.innerHTML;
clocks();
ring();
toTheEnd();
setTimeout(lookAgain, EVERY);
