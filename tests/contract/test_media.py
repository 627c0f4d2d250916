"""How many and how large files go with a message."""

import pytest

from destinations.providers.media import MediaFile
from destinations.providers.twilio import TwilioSMS

LIMITS = TwilioSMS.media_limits
JPEG, PDF = "image/jpeg", "application/pdf"


def file(kind, size):
    return MediaFile("https://h.example/a", kind, size)


@pytest.mark.parametrize(
    ("files", "text", "words"),
    [
        ([], "Hi", []),
        ([file(JPEG, 4_999_998)], "Hi", []),
        ([file(JPEG, 4_999_999)], "Hi", ["have 5 MB together; at most 5 MB"]),
        ([file(JPEG, 4_999_998)], "é", []),
        ([file(JPEG, 4_999_998)], "éé", ["at most 5 MB are taken"]),
        ([file(JPEG, 2_500_000), file("image/png", 2_500_001)], "", ["together; at"]),
        ([file(PDF, 500_000)], "", []),
        ([file(PDF, 500_001)], "", ["has 501 kB; a file of type application/pdf"]),
        ([file(PDF, 400_000), file(JPEG, 300_000)], "", ["Some carriers refuse"]),
        ([file(JPEG, 1)] * 10, "", []),
        ([file(JPEG, 1)] * 11, "", ["11 files are too many: at most 10"]),
    ],
)
def test_what_a_provider_refuses_is_said_before(files, text, words):
    found = list(LIMITS.problems(files, text))

    assert len(found) == len(words), found
    for sentence, part in zip(found, words, strict=True):
        assert part in sentence


def test_the_limits_are_said_in_one_sentence():
    assert LIMITS.sentence() == (
        "At most 10 files, fetched by the provider: gif, jpeg, jpg, png up to 5 MB"
        " together with the text, anything else up to 500 kB. Below 600 kB every"
        " carrier takes them."
    )
