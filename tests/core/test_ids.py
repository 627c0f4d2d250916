import re
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadrails.core import ids


@given(st.integers(0, 2**128 - 1).map(lambda number: UUID(int=number)))
def test_a_public_id_reads_back_as_it_was_written(value):
    text = ids.encode("evt", value)

    assert re.fullmatch(f"evt_[{ids.ALPHABET}]{{26}}", text)
    assert ids.decode("evt", text) == value


def test_a_public_id_is_the_crockford_base_32_of_its_bits():
    value = UUID("019bfde8-8000-7000-8000-0123456789ab")

    number = 0
    for char in ids.encode("job", value).removeprefix("job_"):
        number = number * 32 + ids.ALPHABET.index(char)

    assert number == value.int


@pytest.mark.parametrize(
    "body",
    [
        "",
        "7" + "Z" * 24,
        "7" + "Z" * 26,
        "8" + "0" * 25,
        "0" * 25 + "z",
        "0" * 25 + "I",
        "0" * 25 + "U",
        "0" * 25 + "\n",
        "0" * 26 + "\n",
        "+" + "0" * 25,
        " " + "0" * 25,
        "0" * 24 + "_0",
        "0" * 25 + "٣",
    ],
)
def test_another_spelling_is_no_id(body):
    with pytest.raises(ValueError, match="not a evt_ id"):
        ids.decode("evt", f"evt_{body}")


def test_an_id_of_another_kind_is_refused():
    with pytest.raises(ValueError, match="not a job_ id"):
        ids.decode("job", ids.encode("evt", ids.uuid7()))
