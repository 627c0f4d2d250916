import pytest

from leadrails.alerts import hooks


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/hook",
        "https://127.0.0.1/hook",
        "https://[::1]/hook",
        "https://[::ffff:10.0.0.1]/hook",
        "https://10.1.2.3/hook",
        "https://169.254.169.254/latest/meta-data",
        "https://localhost/hook",
        "https://user:pw@example.com/",
        "ftp://example.com/",
        "https:///nothing",
        "nonsense",
        f"https://example.com/{'x' * 2000}",
    ],
)
def test_an_address_that_may_not_be_called_is_refused_with_a_sentence(url):
    assert hooks.problem_with(url).endswith((".", "//", "@."))
    assert hooks.post(url, b"{}", {}).outcome == "refused"


def test_a_name_that_leads_into_a_private_network_is_not_called(monkeypatch):
    async def resolve(self, host, port=0, family=0):
        return [{"host": "10.0.0.7", "hostname": host, "port": port}]

    monkeypatch.setattr("aiohttp.ThreadedResolver.resolve", resolve)
    assert hooks.problem_with("https://innocent.example/hook") == ""
    answer = hooks.post("https://innocent.example/hook", b"{}", {})
    assert answer.outcome == "refused"
    assert "private network" in answer.words


def test_a_redirect_is_not_followed(receiver):
    receiver.bodies["/hook"] = ("redirect", f"{receiver.url}/elsewhere")
    answer = hooks.post(f"{receiver.url}/hook", b"{}", {})
    assert (answer.outcome, answer.words) == ("not_sent", "302")
    assert len(receiver.received) == 1


def test_only_the_host_that_the_operator_names_is_excepted(receiver, settings):
    settings.LEADRAILS_WEBHOOK_HOSTS = ["127.0.0.1:1"]
    assert hooks.post(receiver.url, b"{}", {}).outcome == "refused"
    assert receiver.received == []
