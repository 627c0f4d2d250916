"""Templates without the white space that makes them readable."""

import re

from django.conf import settings
from django.template import Origin
from django.template.loaders import filesystem

# Where white space is shown, or is part of what translators find.
_KEPT = re.compile(
    r"({%\s*codeblock.*?endcodeblock\s*%}|{%\s*blocktranslate.*?endblocktranslate\s*%}"
    r"|<pre.*?</pre>|<textarea.*?</textarea>)",
    re.DOTALL,
)
_INDENTATION = re.compile(r"\n[ \t]+")
# Lines that only steer: each would leave an empty one.
_STEERS = re.compile(
    r"(?<=\n)((?:{%\s*(?:if|elif|else|endif|for|empty|endfor|with|endwith|load|block|"
    r"endblock)\b[^%\n]*%}|{#[^\n]*?#})+)\n"
)


class Loader(filesystem.Loader):
    """White space was a third of the bytes of a list."""

    def get_contents(self, origin: Origin) -> str:
        text = super().get_contents(origin)
        if not origin.name.endswith(".html"):
            return text  # lines of a plain mail are read as they stand
        return shortened(text, keep_lines=settings.DEBUG)


def shortened(text: str, *, keep_lines: bool) -> str:
    """`keep_lines`: so that errors name lines as they are in the file."""
    parts = _KEPT.split(text)
    for at in range(0, len(parts), 2):
        parts[at] = _INDENTATION.sub("\n", parts[at])
        if not keep_lines:
            parts[at] = _STEERS.sub(r"\1", parts[at])
    return "".join(parts)
