"""WCAG on every page, in both themes, wide and narrow, as far as axe-core can tell."""

import pytest
from axe_playwright_python.base import AXE_SCRIPT

# The pages are made in a transaction of their own; see `site`.
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

WIDE = {"width": 1280, "height": 800}
PHONE = {"width": 375, "height": 700}
# The narrowest phone, and a window of 1280 zoomed to 200 %.
NARROWEST = {"width": 320, "height": 640}
ZOOMED = {"width": 640, "height": 400}
BAD = ("serious", "critical")
COLOURS = ["color-contrast", "link-in-text-block"]
# The shell is the same on every page: of texts that stand alike in elements of the same
# classes, one is looked at in each theme and width. All of them take minutes.
FIND_KINDS = """() => {
  const kindOf = (elt) => elt === document.body ? "" : kindOf(elt.parentElement) + ">"
    + elt.tagName + [...elt.classList].sort().map((name) => "." + name).join("")
    + ["aria-current", "aria-disabled", "disabled", "aria-invalid", "open", "type"]
      .map((name) => elt.getAttribute(name) ?? "").join("|");
  window.kinds = new Map();
  const isText = (node) => node.nodeType === 3 && node.data.trim();
  for (const elt of document.body.querySelectorAll("*")) {
    const isField = elt.matches("input, select, textarea");
    const says = isField || [...elt.childNodes].some(isText);
    if (!says || elt.closest("svg, option, script")) continue;
    const shown = elt.checkVisibility() ? "shown" : "hidden";
    const kind = kindOf(elt) + shown;
    if (!window.kinds.has(kind)) window.kinds.set(kind, elt);
  }
  return [...window.kinds.keys()];
}"""
# Colours are looked at where `data-new` stands, in the same run as all else.
RUN = """async (rules) => {
  const options = {resultTypes: ["violations"], ...(rules && {runOnly: rules})};
  const found = await axe.run(document, options);
  return found.violations.map(({id, impact, help, nodes}) => ({
    id, impact, help,
    where: nodes.slice(0, 3).map((node) => node.html.slice(0, 160)),
    why: nodes[0].failureSummary,
  }));
}"""
MARK = """(kinds) => {
  for (const kind of kinds) window.kinds.get(kind).dataset.new = "";
  axe.configure({rules: [
    {id: "color-contrast", selector: "[data-new]"},
    {id: "link-in-text-block", selector: "a[href][data-new]"},
  ]});
}"""
SETTLED = """() => new Promise((done) => {
  requestAnimationFrame(() => requestAnimationFrame(done));
})"""
TOO_WIDE = """() => {
  const width = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= width) return "";
  const wide = [...document.querySelectorAll("main *")].filter(
    (elt) => elt.getBoundingClientRect().right > width + 1 && !elt.closest("pre, svg"));
  return wide.slice(0, 3).map((elt) => elt.outerHTML.slice(0, 120)).join(" | ") || "?";
}"""


@pytest.mark.timeout(1200)  # a minute of one core, which a busy machine stretches
def test_every_page_can_be_used_by_everybody(site, browser):
    context = browser.new_context(reduced_motion="reduce")
    context.add_init_script(AXE_SCRIPT)
    page = context.new_page()
    said, problems, known = [], [], set()
    page.on("console", lambda line: line.type == "error" and said.append(line.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    with site.served() as urls:
        for url in urls:
            page.goto(url)
            kinds = [kind for kind in page.evaluate(FIND_KINDS) if kind not in known]
            known.update(kinds)
            problems += [f"{url}\n  {text}" for text in look_at(page, kinds)]
    context.close()
    assert not problems, f"{len(problems)} problems:\n" + "\n".join(problems)
    assert not said
    assert len(urls) > 80, "The list of pages has shrunk."


def look_at(page, kinds):
    """Names and order on each page; colours and the phone where something is new."""
    page.evaluate(MARK, kinds)
    for size in (WIDE, PHONE) if kinds else (WIDE,):
        page.set_viewport_size(size)
        yield from run(page, size, "light")
        if kinds:
            page.emulate_media(color_scheme="dark", reduced_motion="reduce")
            page.evaluate(SETTLED)
            yield from run(page, size, "dark", COLOURS)
            page.emulate_media(color_scheme="light", reduced_motion="reduce")
            page.evaluate(SETTLED)
    for size in (NARROWEST, ZOOMED, WIDE):
        page.set_viewport_size(size)
        if wide := page.evaluate(TOO_WIDE):
            yield f"{size['width']} px: the page is wider than its window: {wide}"


def run(page, size, theme, rules=None):
    for found in page.evaluate(RUN, rules):
        if found["impact"] in BAD:
            where = " ".join(found["where"])
            yield (
                f"{theme}, {size['width']} px: {found['help']} ({found['id']}).\n"
                f"    {where}\n    {found['why']}"
            )
