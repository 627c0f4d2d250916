"""How far jobs may bring about each other."""

import pytest

from leadrails.core.children import Cause, may_have


@pytest.mark.parametrize(
    ("cause", "line", "may"),
    [
        ("fallback", [""], True),
        ("follow_up", [""], True),
        ("reply", [""], True),
        pytest.param("fallback", ["fallback", ""], False, id="no second fallback"),
        ("fallback", ["follow_up", ""], True),
        ("follow_up", ["fallback", ""], True),
        ("follow_up", ["follow_up", "follow_up", ""], True),
        pytest.param("follow_up", ["follow_up"] * 3 + [""], False, id="three in a row"),
        pytest.param("fallback", ["follow_up"] * 3 + [""], False, id="whatever it is"),
        ("reply", ["follow_up"] * 3 + [""], True),
        pytest.param("follow_up", ["follow_up", "follow_up", "reply"], True, id="anew"),
        pytest.param("follow_up", ["follow_up"] * 3 + ["reply"], False, id="anew too"),
    ],
)
def test_what_goes_by_itself_comes_to_an_end(cause, line, may):
    assert may_have(Cause(cause), line) is may
