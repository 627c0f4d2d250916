"""What counts as an address of the web."""

from urllib.parse import urlsplit

LONGEST = 2000  # characters; beyond that, not every server and phone goes along


def is_web_address(url: str) -> bool:
    """Whether `url` is a whole http or https address, with a host and no spaces."""
    try:
        parts = urlsplit(url)
        has_host = bool(parts.hostname) and "_" not in str(parts.hostname)
    except ValueError:
        return False
    is_plain = not any(char.isspace() for char in url) and len(url) <= LONGEST
    return parts.scheme in {"http", "https"} and has_host and is_plain
