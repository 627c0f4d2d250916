"""What a browser says that it is, in a person's words."""

from django.utils.translation import gettext as _

# The first that fits: many name others, to be taken for them.
_BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Firefox", "Firefox"),
    ("FxiOS", "Firefox"),
    ("CriOS", "Chrome"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
    ("curl", "curl"),
)
_SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("CrOS", "ChromeOS"),
    ("Mac OS X", "Mac"),
    ("Linux", "Linux"),
)


def browser_of(agent: str) -> str:
    """Return e.g. `Firefox`; empty if nothing is known."""
    return _first(_BROWSERS, agent)


def system_of(agent: str) -> str:
    """Return e.g. `Windows`; empty if nothing is known."""
    return _first(_SYSTEMS, agent)


def _first(signs: tuple[tuple[str, str], ...], agent: str) -> str:
    return next((name for sign, name in signs if sign in agent), "")


def describe(agent: str) -> str:
    """Return e.g. `Firefox on Windows`."""
    browser, system = browser_of(agent), system_of(agent)
    if browser and system:
        return _("%(browser)s on %(system)s") % {"browser": browser, "system": system}
    return browser or system or _("Unknown browser")
