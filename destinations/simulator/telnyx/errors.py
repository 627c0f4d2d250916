"""Refusals of Telnyx's API. Titles are close to the provider's, never the same."""

from typing import Any

TITLES = {
    10002: "Invalid phone number",
    10003: "Invalid URL",
    10004: "Missing required parameter",
    10005: "Resource not found",
    10007: "Unexpected error",
    10008: "Request timeout",
    10009: "Authentication failed",
    10010: "Authorization failed",
    10011: "Too many requests",
    10015: "Bad Request",
    10016: "Number must be in +E.164 format",
    10037: "Service unavailable",
    20012: "Account inactive",
    20013: "Account blocked",
    40001: "Not routable",
    40002: "Blocked as spam - temporary",
    40003: "Blocked as spam, permanent",
    40004: "Rejected by destination",
    40005: "Message expired during transmission",
    40006: "Recipient server unavailable",
    40007: "Message loop detected",
    40008: "Undeliverable",
    40009: "Invalid message body",
    40010: "Not 10DLC registered",
    40011: "Upstream rate limit exceeded",
    40012: "Invalid destination number",
    40013: "Invalid source number",
    40014: "Message expired in queue",
    40015: "Blocked by the internal spam filter",
    40016: "T-Mobile 10DLC sending limit",
    40017: "AT&T 10DLC spam rejection",
    40018: "AT&T 10DLC sending limit",
    40019: "AT&T invalid 10DLC tag data",
    40020: "Artificial traffic inflation: 2FA traffic blocked for 24 h",
    40100: "Number not messaging enabled",
    40300: "Blocked due to STOP message",
    40301: "Unsupported message type",
    40302: "Message too large",
    40304: "Invalid combination of message content",
    40305: "Invalid 'from' address",
    40306: "Alpha sender not configured",
    40307: "Alpha sender mismatch",
    40308: "Invalid 'from' address for MMS",
    40309: "Destination region not whitelisted",
    40310: "Invalid 'to' address",
    40312: "Messaging profile is disabled",
    40314: "Messaging is disabled on the account",
    40315: "Unhealthy 'from'",
    40316: "No content provided",
    40317: "Invalid MMS content",
    40318: "Message queue is full",
    40319: "Incompatible message type for the 'to' address",
    40320: "Temporarily unusable 'from'",
    40321: "No usable numbers on the messaging profile",
    40322: "Blocked content",
    40328: "Message is longer than recommended",
    40329: "Toll-free number not verified",
    40330: "Toll-free number not provisioned",
    40331: "No whitelisted destinations on the messaging profile",
    40333: "Spend limit of the profile reached",
}
_STATUS = {
    10002: 422,
    10003: 422,
    10004: 422,
    10005: 404,
    10007: 500,
    10008: 408,
    10009: 401,
    10010: 403,
    10011: 429,
    10016: 422,
    10037: 503,
    20012: 403,
    20013: 403,
    40100: 422,
    40300: 403,
    40312: 403,
    40314: 403,
    40318: 429,
}
DOCUMENTED = "https://developers.telnyx.com/docs/overview/errors/"
# What the scenarios, the queue and the handsets say in the other provider's codes.
CODES = {
    14107: 40007,
    21211: 40310,
    21408: 40309,
    21610: 40300,
    21611: 40318,
    21612: 40301,
    21614: 40301,
    21635: 40319,
    21703: 40321,
    30001: 40318,
    30002: 40314,
    30003: 40005,
    30005: 40012,
    30006: 40001,
    30007: 40002,
    30008: 40008,
    30034: 40010,
    30036: 40014,
    30410: 40006,
    63036: 40301,
}


class TelnyxError(Exception):
    """`where` is a JSON pointer into the body, or the name of a query parameter."""

    def __init__(self, code: int, detail: str = "", *, where: str = "") -> None:
        super().__init__(detail)
        self.code = code
        self.status = _STATUS.get(code, 400)
        self.detail = detail
        self.where = where

    def body(self) -> dict[str, Any]:
        return {"errors": [error_fields(self.code, self.detail, self.where)]}


def error_fields(code: int, detail: str = "", where: str = "") -> dict[str, Any]:
    title = TITLES[code]
    fields: dict[str, Any] = {
        "code": str(code),
        "title": title,
        "detail": detail or f"{title}.",
        "meta": {"url": f"{DOCUMENTED}{code}"},
    }
    if where:
        kind = "pointer" if where.startswith("/") else "parameter"
        fields["source"] = {kind: where}
    return fields


def stopped(sender: str, recipient: str) -> TelnyxError:
    detail = (
        f"Messages cannot be sent from '{sender}' to '{recipient}'"
        " due to an existing block rule."
    )
    return TelnyxError(40300, detail)
