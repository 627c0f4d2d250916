"""
Segments counted in another way, to check the product's count against.

Written from the standards alone: every text is really encoded and cut into user data
of 140 octets. GSM 03.38 (3GPP TS 23.038), 6.2.1: the alphabet by septet value, the
escape 0x1B before each character of the extension table. 3GPP TS 23.040, 9.2.3.24.1: a
header of 6 octets in each part of a text that needs several, septets beginning on a
septet boundary after it. What a reader sees as one character is given by whoever makes
the text, so no rule of the product about that is repeated here.
"""

ROWS = (
    "@£$¥èéùìòÇ\nØø\rÅå",
    "Δ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ",
    " !\"#¤%&'()*+,-./",
    "0123456789:;<=>?",
    "¡ABCDEFGHIJKLMNO",
    "PQRSTUVWXYZÄÖÑÜ§",
    "¿abcdefghijklmno",
    "pqrstuvwxyzäöñüà",
)
ESCAPE = 0x1B
SEPTET = {
    char: (16 * row + column,)
    for row, chars in enumerate(ROWS)
    for column, char in enumerate(chars)
    if char != "\x1b"
}
EXTENSION = {
    0x0A: "\f",
    0x14: "^",
    0x28: "{",
    0x29: "}",
    0x2F: "\\",
    0x3C: "[",
    0x3D: "~",
    0x3E: "]",
    0x40: "|",
    0x65: "€",
}
SEPTET |= {char: (ESCAPE, code) for code, char in EXTENSION.items()}
USER_DATA = 140  # octets
HEADER = 6  # octets: 05 00 03, reference, parts, this part


def count(seen: list[str]) -> tuple[str, int, int]:
    """
    Return encoding, units and parts of a text, given by what readers see as characters.
    """
    if all(char in SEPTET for piece in seen for char in piece):
        atoms = [bytes(SEPTET[char]) for piece in seen for char in piece]
        parts = _parts(atoms, _octets_of_septets)
        return "GSM-7", sum(map(len, atoms)), len(parts)
    atoms = [piece.encode("utf-16-be") for piece in seen]
    parts = _parts(atoms, lambda data, header: header + len(data))
    return "UCS-2", sum(map(len, atoms)) // 2, len(parts)


def _octets_of_septets(septets: bytes, header: int) -> int:
    """How long they are once packed, with fill bits after the header."""
    bits = 8 * header
    return -(-(bits + -bits % 7 + 7 * len(septets)) // 8)


def _parts(atoms: list[bytes], size) -> list[bytes]:
    """Cut between atoms only, each part as full as it can be."""
    whole = b"".join(atoms)
    if size(whole, 0) <= USER_DATA:
        return [whole] if whole else []
    parts = [b""]
    for atom in atoms:
        if size(parts[-1] + atom, HEADER) > USER_DATA:
            parts.append(b"")
        parts[-1] += atom
    return parts
