"""
Why a job waits, ended or was not sent: one table of slugs and what pages say.

The slugs are stored on jobs and decided in `delivery` and `policy`. Provider codes
and titles are kept beside them; here is only what a person needs to know and do.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Reason(StrEnum):
    # Waiting behind something a person must clear.
    DESTINATION_PAUSED = "destination_paused"
    COUNTRY_NOT_ENABLED = "country_not_enabled"
    DESTINATION_CEILING = "destination_ceiling"
    SOURCE_CEILING = "source_ceiling"
    RECIPIENT_CEILING = "recipient_ceiling"
    QUIET_HOURS = "quiet_hours"
    RESTORED_BACKUP = "restored_backup"
    CONTENT_NOT_READY = "content_not_ready"
    # Waiting for another message to the same person.
    LEAD_ORDER = "lead_order"
    RECIPIENT_GAP = "recipient_gap"
    # Tried again without anybody's help.
    NOT_REACHED = "not_reached"
    RATE_LIMITED = "rate_limited"
    PROVIDER_BUSY = "provider_busy"
    NOT_AT_PROVIDER = "not_at_provider"
    SENT_AGAIN_IN_DOUBT = "sent_again_in_doubt"
    # Asked about before anything is sent again.
    OUTCOME_UNKNOWN = "outcome_unknown"
    WORKER_LOST = "worker_lost"
    # Not sent on purpose.
    OPTED_OUT = "opted_out"
    SUPPRESSED = "suppressed"
    NO_USABLE_PHONE = "no_usable_phone"
    COUNTRY_NOT_ALLOWED = "country_not_allowed"
    PREMIUM_NUMBER = "premium_number"
    DESTINATION_REVOKED = "destination_revoked"
    # Ended.
    EXPIRED = "expired"
    ATTEMPTS_EXHAUSTED = "attempts_exhausted"
    TEMPLATE_ERROR = "template_error"
    NUMBER_REFUSED = "number_refused"
    RECIPIENT_REFUSED = "recipient_refused"
    MESSAGE_REFUSED = "message_refused"
    CARRIER_FILTERED = "carrier_filtered"
    CARRIER_TIMEOUT = "carrier_timeout"
    NOT_DELIVERED = "not_delivered"
    ACCOUNT_REFUSED = "account_refused"
    SENDER_REFUSED = "sender_refused"
    CREDENTIALS_UNREADABLE = "credentials_unreadable"
    CANCELED = "canceled"
    # A rich message and the plain text that goes if it does not arrive.
    REPLACED = "replaced"
    NOT_NEEDED = "not_needed"


class Move(StrEnum):
    """Whose move it is."""

    YOURS = "yours"
    OURS = "ours"
    PROVIDERS = "provider's"
    NOBODYS = "nobody's"


@dataclass(frozen=True, slots=True)
class Explanation:
    sentence: str
    move: Move
    next_step: str


EXPLANATIONS: Mapping[str, Explanation] = {
    Reason.DESTINATION_PAUSED: Explanation(
        "The destination is paused, so its messages wait.",
        Move.YOURS,
        "Clear what its alert names, verify the connection and resume it.",
    ),
    Reason.COUNTRY_NOT_ENABLED: Explanation(
        "The provider account is not enabled for this country, so its messages wait.",
        Move.YOURS,
        "Enable the country in the provider's console, then release what is held.",
    ),
    Reason.DESTINATION_CEILING: Explanation(
        "The destination reached its ceiling of messages for this hour.",
        Move.YOURS,
        "Check that the leads are real; raise the ceiling, or wait for the next hour.",
    ),
    Reason.SOURCE_CEILING: Explanation(
        "The source reached its ceiling of messages for this hour.",
        Move.YOURS,
        "Check that the leads are real; raise the ceiling, or wait for the next hour.",
    ),
    Reason.RECIPIENT_CEILING: Explanation(
        "This person was already sent as many messages as one day allows.",
        Move.YOURS,
        "Check that the leads are real; raise the ceiling, or wait until tomorrow.",
    ),
    Reason.QUIET_HOURS: Explanation(
        "It is too late or too early where this person is.",
        Move.OURS,
        "Nothing to do: it is sent when the quiet hours end.",
    ),
    Reason.RESTORED_BACKUP: Explanation(
        "It was waiting in a restored backup and may have been sent since.",
        Move.YOURS,
        "Compare with the provider's log, then release or cancel it.",
    ),
    Reason.CONTENT_NOT_READY: Explanation(
        "The provider does not have the destination's RCS content yet.",
        Move.OURS,
        "It is sent when the provider has it; the destination's page says why not yet.",
    ),
    Reason.LEAD_ORDER: Explanation(
        "An earlier message of this lead to this person is still on its way.",
        Move.OURS,
        "Nothing to do: it follows the earlier one, or goes alone if that takes long.",
    ),
    Reason.RECIPIENT_GAP: Explanation(
        "Another message to this person goes first; two are kept seconds apart.",
        Move.OURS,
        "Nothing to do: it is sent in its turn.",
    ),
    Reason.NOT_REACHED: Explanation(
        "The provider could not be reached; nothing was sent.",
        Move.OURS,
        "Nothing to do: it is tried again by itself.",
    ),
    Reason.RATE_LIMITED: Explanation(
        "The provider asked us to slow down; nothing was sent.",
        Move.OURS,
        "Nothing to do: it is tried again by itself.",
    ),
    Reason.PROVIDER_BUSY: Explanation(
        "The provider could not take or pass on the message just then.",
        Move.OURS,
        "Nothing to do: it is tried again by itself.",
    ),
    Reason.NOT_AT_PROVIDER: Explanation(
        "The provider was asked twice and has no such message.",
        Move.OURS,
        "Nothing to do: it is sent again by itself.",
    ),
    Reason.SENT_AGAIN_IN_DOUBT: Explanation(
        "The message may have gone, and the provider cannot be asked.",
        Move.OURS,
        "The destination sends again in doubt, so the person may get it twice.",
    ),
    Reason.OUTCOME_UNKNOWN: Explanation(
        "The request was sent but no usable answer came, so the message may have gone.",
        Move.OURS,
        "We ask the provider first; if it cannot be asked, compare with its log.",
    ),
    Reason.WORKER_LOST: Explanation(
        "Our worker stopped while sending, so the message may have gone.",
        Move.OURS,
        "We ask the provider first; if it cannot be asked, compare with its log.",
    ),
    Reason.OPTED_OUT: Explanation(
        "This person asked for no more messages, so none is sent.",
        Move.NOBODYS,
        "Only the person can undo this, by texting START to the sender.",
    ),
    Reason.SUPPRESSED: Explanation(
        "This number is on your list of numbers not to message.",
        Move.NOBODYS,
        "If that is wrong, remove it from Suppressions and replay the job.",
    ),
    Reason.NO_USABLE_PHONE: Explanation(
        "The lead has no phone number that can be messaged.",
        Move.YOURS,
        "Correct the number at the source, or set the source's default country.",
    ),
    Reason.COUNTRY_NOT_ALLOWED: Explanation(
        "The destination does not allow messages to this country.",
        Move.YOURS,
        "If it should, add the country to the destination and replay the job.",
    ),
    Reason.PREMIUM_NUMBER: Explanation(
        "This is a premium-rate number, which we never message.",
        Move.NOBODYS,
        "Nothing to do: such numbers are typical of fraud.",
    ),
    Reason.DESTINATION_REVOKED: Explanation(
        "The destination was removed.",
        Move.YOURS,
        "Point the route at another destination; a new lead will use it.",
    ),
    Reason.EXPIRED: Explanation(
        "It could not be sent in time, and a late message helps nobody.",
        Move.YOURS,
        "See what held it up; replay it if it is still welcome.",
    ),
    Reason.ATTEMPTS_EXHAUSTED: Explanation(
        "Every attempt failed for a reason that should have passed.",
        Move.YOURS,
        "See the attempts; replay it when the provider is well again.",
    ),
    Reason.TEMPLATE_ERROR: Explanation(
        "The message template could not be filled in for this lead.",
        Move.YOURS,
        "Correct the line named here in the destination's template, then replay it.",
    ),
    Reason.NUMBER_REFUSED: Explanation(
        "This number takes no messages: it is a landline, or there is no such number.",
        Move.YOURS,
        "Check the number with the person, or reach them another way.",
    ),
    Reason.RECIPIENT_REFUSED: Explanation(
        "This number cannot receive this kind of message.",
        Move.YOURS,
        "Check the number with the person, or reach them another way.",
    ),
    Reason.MESSAGE_REFUSED: Explanation(
        "The provider refused this message as it is written or set up.",
        Move.YOURS,
        "Read the provider's page on the code, correct the destination, replay it.",
    ),
    Reason.CARRIER_FILTERED: Explanation(
        "The phone company or the provider took the message for spam and dropped it.",
        Move.YOURS,
        "Reword the template and check the sender's registration before a replay.",
    ),
    Reason.CARRIER_TIMEOUT: Explanation(
        "The phone company never answered; the person may have got it all the same.",
        Move.NOBODYS,
        "It is not sent again by itself, since that could send it twice.",
    ),
    Reason.NOT_DELIVERED: Explanation(
        "The provider reports that the message did not arrive.",
        Move.YOURS,
        "Read the provider's page on the code; replay it if that can help.",
    ),
    Reason.ACCOUNT_REFUSED: Explanation(
        "The provider refuses everything from this account.",
        Move.YOURS,
        "Check credentials, balance and account status, then verify the connection.",
    ),
    Reason.CREDENTIALS_UNREADABLE: Explanation(
        "The stored credentials cannot be read with the encryption keys in use.",
        Move.YOURS,
        "Restore the missing key, or enter the credentials anew; then resume.",
    ),
    Reason.SENDER_REFUSED: Explanation(
        "The provider refuses everything from this sender or messaging service.",
        Move.YOURS,
        "Check the sender number or service and its registration, then verify.",
    ),
    Reason.CANCELED: Explanation(
        "A person stopped it before it was sent.",
        Move.NOBODYS,
        "Replay it if that was a mistake.",
    ),
    Reason.REPLACED: Explanation(
        "The rich message did not get through, so a plain text goes in its place.",
        Move.OURS,
        "Nothing to do: see the message that went in its place.",
    ),
    Reason.NOT_NEEDED: Explanation(
        "The rich message arrived after all, so this plain text was stopped.",
        Move.NOBODYS,
        "Nothing to do: the person has the message.",
    ),
}

REASONS: dict[str, str] = {
    str(slug): explanation.sentence for slug, explanation in EXPLANATIONS.items()
}
