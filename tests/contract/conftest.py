"""Each provider with what answers for it."""

import pytest

from tests.contract.contracts import CONTRACTS
from tests.contract.pigeon_post import pigeon_post

__all__ = ["pigeon_post"]


@pytest.fixture(params=CONTRACTS, ids=lambda contract: contract.kind)
def contract(request):
    return request.param


@pytest.fixture
def backend(contract, request):
    """What answers for the provider; it keeps a ledger that can be asked."""
    return request.getfixturevalue(contract.backend)


@pytest.fixture
def provider(contract, backend):
    return contract.make(backend)
