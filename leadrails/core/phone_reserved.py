"""
Numbers that belong to nobody, set aside for fiction, samples and tests.

Sources: North American Numbering Plan (555-0100 to 555-0199 in every area code),
Ofcom "Numbers for drama use", ACMA "Phone numbers for use in TV shows, films and
creative works", and the test numbers +1 500 555 xxxx of messaging providers.
Ofcom's premium-rate drama range is left out: it stays a premium range.
"""

import re

_DIGITS = "[0-9]"
_UK_CITIES = "113|114|115|116|117|118|121|131|141|151|161"
_AU_MOBILES = (
    "570006 570156 570157 570158 570159 570110 570313 570737 571266 571491 571804 "
    "572549 572665 572983 573770 573087 574118 574632 575254 575789 576398 576801 "
    "577426 577644 578957 578148 578888 579212 579760 579455"
)
_RANGES = {
    "US": (rf"\+1[2-9]{_DIGITS}{{2}}55501{_DIGITS}{{2}}", rf"\+1500555{_DIGITS}{{4}}"),
    "GB": (
        rf"\+447700900{_DIGITS}{{3}}",
        rf"\+44(?:{_UK_CITIES})4960{_DIGITS}{{3}}",
        rf"\+441914980{_DIGITS}{{3}}",
        rf"\+442079460{_DIGITS}{{3}}",
        rf"\+442896496{_DIGITS}{{3}}",
        rf"\+442920180{_DIGITS}{{3}}",
        rf"\+441632960{_DIGITS}{{3}}",
        rf"\+448081570{_DIGITS}{{3}}",
        rf"\+443069990{_DIGITS}{{3}}",
    ),
    "AU": (
        rf"\+61[2378](?:5550|7010){_DIGITS}{{4}}",
        rf"\+61491(?:{'|'.join(_AU_MOBILES.split())})",
        r"\+611800(?:160401|975707|975708|975709|975710|975711)",
        r"\+611300(?:975707|975708|975709|975710|975711)",
    ),
}
_RESERVED = {region: re.compile("|".join(ranges)) for region, ranges in _RANGES.items()}
_REGION_BY_CODE = {"+1": "US", "+4": "GB", "+6": "AU"}


def reserved_region(e164: str) -> str | None:
    """Return the region of a reserved number; None if the number is not reserved."""
    region = _REGION_BY_CODE.get(e164[:2])
    if region and _RESERVED[region].fullmatch(e164):
        return region
    return None


def is_reserved(e164: str) -> bool:
    return reserved_region(e164) is not None
