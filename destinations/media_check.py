"""Whether a destination's pictures are there and small enough; part of *Verify*."""

import asyncio
from collections.abc import Iterator, Mapping

from django.utils.translation import gettext as _

from destinations.providers import fields
from destinations.providers.download import Downloads, NotKept, NotNow
from destinations.providers.media import MediaFile, MediaLimits

TIMEOUT = 6.0  # seconds for all of them; a person is waiting
MEBI = 1024**2


async def media_hints(
    config: Mapping[str, str], limits: MediaLimits | None, *, base_url: str
) -> tuple[str, ...]:
    """
    Look at the addresses that are the same for every lead; say what is wrong.

    Args:
        base_url: the provider's, below which any address may be looked at.
    """
    urls = list(_fixed(config))
    if limits is None or not urls:
        return ()
    try:
        async with asyncio.timeout(TIMEOUT):
            return await _look(urls[: limits.most], limits, base_url)
    except TimeoutError:
        return (_("The pictures could not be looked at in time."),)


def _fixed(config: Mapping[str, str]) -> Iterator[str]:
    for line in fields.lines(config.get(fields.MEDIA.name, "")):
        if "{{" not in line and "{%" not in line:
            yield line


def _no_key(_url: str) -> None:
    """The provider, too, gets these files without one."""


async def _look(urls: list[str], limits: MediaLimits, base_url: str) -> tuple[str, ...]:
    files: list[MediaFile] = []
    hints: list[str] = []
    most = -(-limits.total // MEBI) * MEBI
    async with Downloads(base_url, _no_key, max_bytes=most) as web:
        for url in urls:
            try:
                file = await web.fetch(url)
            except NotKept as error:
                hints.append(f"{url[:200]}: {error}")
            except NotNow:
                hints.append(
                    _("%(url)s: its server does not answer.") % {"url": url[:200]}
                )
            else:
                files.append(MediaFile(url[:200], file.content_type, len(file.data)))
    return (*hints, *limits.problems(files))
