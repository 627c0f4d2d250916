"""What Telnyx asks for: the fields of a destination's form."""

from destinations.providers.fields import (
    CHANNEL,
    FALLBACK,
    FALLBACK_AFTER,
    MEDIA,
    MOST_MEDIA,
    RCS,
    RCS_ONLY,
    SEND_AFTER,
    Field,
    Section,
)
from destinations.providers.media import KB, MB, MediaLimits
from leadrails.core.rich_limits import GOOGLE

# Source: Telnyx, "Send a message": ten files, less than 1 MB together.
MEDIA_LIMITS = MediaLimits(
    most=MOST_MEDIA,
    total=1 * MB,
    fitted=frozenset(),
    other=1 * MB,
    safe=600 * KB,
)
# Source: Telnyx, "Send an RCS message": Google's own limits.
RICH_LIMITS = GOOGLE
KEY = "32 bytes in base64: 44 characters that end with ="

FIELDS = (
    Field(
        name="api_key",
        label="API key",
        help=(
            "In the Telnyx portal under API Keys; starts with KEY. Telnyx shows it"
            " once, when the key is made. Treat it like a password."
        ),
        secret=True,
        required=True,
        pattern=r"KEY[A-Za-z0-9_-]{16,200}",
        example="KEY followed by letters, digits and underscores, as Telnyx shows it",
    ),
    Field(
        name="public_key",
        label="Public key",
        help=(
            "In the Telnyx portal under API Keys, Public Key. It is no secret:"
            " LeadRails checks with it that a callback is from Telnyx."
        ),
        required=True,
        pattern=r"[A-Za-z0-9+/]{43}=",
        example=KEY,
    ),
    Field(
        name="messaging_profile_id",
        label="Messaging profile ID",
        help=(
            "In the Telnyx portal under Messaging, your profile. The numbers you send"
            " from belong to it, and it says where replies go."
        ),
        required=True,
        pattern=r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}",
        example="like 4000eba1-a0c0-4563-9925-b25e842a7cb6",
    ),
    Field(
        name="from_number",
        label="From number",
        help=(
            "A number of the profile in E.164 format, a short code, or a sender name"
            " of at most 11 characters where the country allows it. Leave it empty to"
            " let the profile's number pool choose."
        ),
        example="+15555550100",
    ),
    Field(
        name="public_key_previous",
        label="Previous public key",
        help=(
            "Optional, while you change the key pair at Telnyx: callbacks that are"
            " signed with either key are taken. Empty it when the change is done."
        ),
        pattern=r"[A-Za-z0-9+/]{43}=",
        section=Section.ACCOUNT,
        example=KEY,
    ),
    Field(
        name="rcs_agent",
        label="RCS agent ID",
        help=(
            "Only for RCS, which you choose under Send by: in the Telnyx portal under"
            " Messaging, RCS, your agent."
        ),
        pattern=r"[A-Za-z0-9_-]{3,64}",
        is_of_rcs=True,
        section=Section.ACCOUNT,
        example="the agent's ID as the portal shows it: letters, digits, _ and -",
    ),
    MEDIA,
    Field(
        name=CHANNEL,
        label="Send by",
        help=(
            "RCS shows your name, cards and buttons, and tells what was read. Phones"
            " without it get the text message."
        ),
        section=Section.OPTIONS,
        choices=(
            ("", "Text message"),
            (RCS, "RCS, else text message"),
            (RCS_ONLY, "RCS only"),
        ),
    ),
    FALLBACK,
    FALLBACK_AFTER,
    Field(
        name="subject",
        label="Subject of an MMS",
        help="Shown above the pictures by some phones. Plain text, no fields.",
        section=Section.OPTIONS,
        longest=80,
        example="Your quote",
    ),
    Field(
        name="encoding",
        label="Characters",
        help=(
            "Smart encoding replaces curly quotes, dashes and the like by plain ones,"
            " so that a message costs fewer segments. The preview counts without it."
        ),
        section=Section.OPTIONS,
        choices=(
            ("", "As the messaging profile is set"),
            ("auto", "Smart encoding"),
            ("ucs2", "All as they are"),
        ),
    ),
    Field(
        name=SEND_AFTER,
        label="Send later",
        help=(
            "Telnyx takes the message at once and sends it after so many minutes. What"
            " waits at Telnyx is not held back by a pause here; a STOP in the meantime"
            " is honoured by Telnyx."
        ),
        section=Section.OPTIONS,
        # Telnyx asks for 5 minutes at least and takes 5 days. Longer than a day,
        # nobody would be asked any more what became of the message.
        least=6,
        most=1440,
        unit="minutes",
        example="60",
    ),
)
