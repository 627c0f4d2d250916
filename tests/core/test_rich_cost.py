import pytest

from leadrails.core.rich import Card, Kind, Rich, Suggestion
from leadrails.core.rich_cost import Billed, billing_kind

REPLY = Suggestion(kind=Kind.REPLY, label="Yes")
SHARE = Suggestion(kind=Kind.SHARE_LOCATION, label="Where")


@pytest.mark.parametrize(
    ("rich", "country", "billed", "units"),
    [
        (Rich(text="é" * 80, suggestions=(REPLY,)), "US", Billed.RICH, 1),
        (Rich(text="é" * 80 + "a"), "US", Billed.RICH, 2),
        (Rich(text="a", suggestions=(SHARE,)), "US", Billed.RICH_MEDIA, 1),
        (Rich(cards=(Card(title="a" * 999),)), "US", Billed.RICH_MEDIA, 1),
        (Rich(text="é" * 80), "GB", Billed.BASIC, 1),
        (Rich(text="é" * 80 + "a"), "GB", Billed.SINGLE, 1),
        (Rich(text="a", suggestions=(REPLY,)), "", Billed.SINGLE, 1),
    ],
)
def test_carriers_bill_by_bytes_and_by_what_is_in_it(rich, country, billed, units):
    kind = billing_kind(rich, country)

    assert (kind.billed, kind.units) == (billed, units)
