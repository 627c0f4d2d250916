from uuid import uuid4

import pytest
from twilio.rest import Client

from tests.simulator.receiver import receiver
from tests.simulator.server import simulator

__all__ = ["receiver", "simulator"]


@pytest.fixture
def account(simulator):
    return simulator.account(uuid4())


@pytest.fixture
def client(simulator, account):
    return make_client(simulator, account.sid, account.auth_token)


def make_client(simulator, user, password, account_sid=None):
    client = Client(user, password, account_sid)
    client.api.base_url = client.messaging.base_url = simulator.url
    client.content.base_url = client.lookups.base_url = simulator.url
    return client
