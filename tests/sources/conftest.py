import pytest

from leadrails.leads import directory


@pytest.fixture(autouse=True)
def nothing_cached():
    """Rows are undone after each test, and what is known of them with them."""
    directory.forget()
    yield
    directory.forget()
