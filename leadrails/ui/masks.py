"""Icons of badges and menus in long lists, as a style sheet: rows name a class."""

from leadrails.ui.icons import ICONS
from leadrails.ui.states import LOOKS

MASKS = tuple(
    dict.fromkeys(
        [
            *(look.icon for look in LOOKS.values()),
            *("copy", "dot", "info", "play", "routes", "simulated", "warning"),
            *("arrow-down", "arrow-up", "eye", "pause", "trash"),
            *("calendar", "call", "chevron-down", "external", "here", "picture"),
            "place",
        ]
    )
)
_SHEET = """/* Made: python -m leadrails.ui.masks > static/css/signs.css */
@layer components {
%s}
"""
_RULE = """  .sign-%s {
    --sign: url("data:image/svg+xml,%%3Csvg xmlns='http://www.w3.org/2000/svg' \
viewBox='0 0 16 16' fill='none' stroke='black' stroke-width='2' \
stroke-linecap='round' stroke-linejoin='round'%%3E%%3Cpath d='%s'/%%3E%%3C/svg%%3E");
  }
"""


def sheet() -> str:
    """What static/css/signs.css must hold; a test compares them."""
    return _SHEET % "\n".join(_RULE % (name, ICONS[name]) for name in MASKS)


if __name__ == "__main__":
    print(sheet(), end="")
