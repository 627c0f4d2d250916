/* The RCS editor: Alt and an arrow move a part, as its buttons do. */
"use strict";

(() => {
  document.addEventListener("keydown", (event) => {
    const verb = { ArrowUp: "up", ArrowDown: "down" }[event.key];
    const part = event.target.closest("[data-movable]");
    // In a list of choices these keys open it.
    if (!verb || !event.altKey || !part || event.target.matches("select")) return;
    event.preventDefault();
    part.querySelector(`:scope > .rich-moves [value^="${verb} "]`)?.click();
  });

  // A picture that cannot be fetched leaves its place to the sign behind it.
  const PICTURES = ".rich-picture > img";
  document.addEventListener("error", (event) => {
    if (event.target.matches?.(PICTURES)) event.target.remove();
  }, true);
  for (const picture of document.querySelectorAll(PICTURES)) {
    if (picture.complete && !picture.naturalWidth) picture.remove();
  }
})();
