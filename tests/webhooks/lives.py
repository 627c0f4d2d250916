"""What a provider may say of one message: each fate is a set of words and codes."""

from tests.webhooks.twilio import form

FATES = {
    "delivered": [("queued", ""), ("sending", ""), ("sent", ""), ("delivered", "")],
    "read": [("sent", ""), ("delivered", ""), ("read", "")],
    "undelivered": [("queued", ""), ("sent", ""), ("undelivered", "30005")],
    "filtered": [("sent", ""), ("undelivered", "30007")],
    # The code may come after the word, and a carrier may correct itself.
    "explained": [("undelivered", ""), ("undelivered", "30003")],
    "corrected": [("sent", ""), ("undelivered", "30003"), ("delivered", "")],
    "refused": [("queued", ""), ("failed", "21610")],
    "puzzling": [("queued", ""), ("martian", "12345"), ("sent", "")],
    "bounced": [("queued", ""), ("failed", "30001")],
}
RETRIED = frozenset({"bounced"})
"""The provider failed before it sent: what people do meanwhile depends on the order."""
FACTS = {"From": "+15555550100", "NumSegments": "2", "PriceUnit": "USD"}


def body_of(word: tuple[str, str]) -> bytes:
    return form(*word, Price="-0.0079", **FACTS)
