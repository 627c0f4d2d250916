"""Refusals of the REST API. Wording is close to the provider's, never the same."""

import json

MESSAGES = {
    14107: "Too many replies to this number in a short time",
    20001: "Unknown parameter",
    20003: "Authenticate",
    20005: "The account is not active",
    20009: "The message is not complete yet",
    20404: "The requested resource was not found",
    20405: "Method not allowed",
    20409: "The message is not in a state that allows this",
    20429: "Too many requests",
    20500: "An internal server error has occurred",
    20503: "Service unavailable",
    21211: "Invalid 'To' phone number",
    21212: "Invalid 'From' number",
    21408: "Permission to send to the region of the 'To' number is not enabled",
    21602: "Message body is required",
    21603: "A 'From' or 'MessagingServiceSid' parameter is required",
    21604: "A 'To' phone number is required",
    21606: "The 'From' number is not message-capable for this destination",
    21608: "The 'To' number is not verified; trial accounts cannot send to it",
    21609: "The 'StatusCallback' URL is not valid",
    21610: "The recipient has unsubscribed from this sender",
    21611: "The 'From' number has exceeded its maximum of queued messages",
    21612: "The 'To' number is not reachable from this 'From'",
    21614: "The 'To' number is not a valid mobile number",
    21617: "The body exceeds the limit of 1600 characters",
    21619: "A message body, media URL or content SID is required",
    21620: "Invalid media URL",
    21623: "Too many media URLs; at most 10 are allowed",
    21624: "The validity period is not between 1 and 36000",
    21635: "The 'To' number is a landline",
    21654: "A ContentSid is required with ContentVariables",
    21655: "The ContentSid is invalid",
    21656: "The ContentVariables are not a JSON object that fills every placeholder",
    21657: "The alphanumeric sender ID is invalid",
    21658: "A parameter exceeds its character limit",
    21659: "The 'From' is not a number of this provider, or of another country",
    21664: "FallbackFrom is not a sender of this account for text messages",
    21666: "FallbackFrom requires a MessagingServiceSid",
    21667: "FallbackFrom requires an RCS sender in the Messaging Service",
    21701: "The Messaging Service does not exist",
    21703: "No sender of the Messaging Service fits the recipient",
    21704: "The Messaging Service has no senders",
    21705: "The Messaging Service is invalid",
    21710: "The number is already in this Messaging Service",
    21712: "The number is not in this Messaging Service but in another, or in none",
    21714: "The sender pool of this Messaging Service is full",
    30001: "Queue overflow",
    30002: "Account suspended",
    30003: "Unreachable destination handset",
    30005: "Unknown destination handset",
    30006: "Landline or unreachable carrier",
    30007: "Message filtered",
    30008: "Unknown error",
    30011: "MMS is not supported in the recipient's region",
    30034: "Message from an unregistered number",
    30036: "Validity period expired",
    30410: "Provider timeout error",
    63036: "The phone cannot be reached by RCS",
    35111: "SendAt is missing",
    35114: "SendAt is outside the allowed range",
    63007: "No channel with this From address",
    35118: "A MessagingServiceSid is required to schedule",
}
_STATUS = {
    20003: 401,
    20005: 401,
    20009: 409,
    20404: 404,
    20405: 405,
    20409: 409,
    20429: 429,
    20500: 500,
    20503: 503,
    21611: 429,
    21701: 404,
    21710: 409,
    21712: 409,
    21714: 412,
}


_encode = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode


class ApiError(Exception):
    def __init__(
        self, code: int, message: str = "", *, status: int = 0, retry_after: int = 0
    ) -> None:
        super().__init__(message)
        self.code = code
        self.status = status or _STATUS.get(code, 400)
        self.message = message or MESSAGES[code]
        self.retry_after = retry_after

    def body(self) -> bytes:
        fields = {
            "code": self.code,
            "message": self.message,
            "more_info": f"https://www.twilio.com/docs/errors/{self.code}",
            "status": self.status,
        }
        return compact(fields)


def compact(value: object) -> bytes:
    return _encode(value).encode()
