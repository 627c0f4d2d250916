"""What Twilio asks for: the fields of a destination's form."""

from destinations.providers.fields import (
    CHANNEL,
    CONTENT_TEMPLATE,
    FALLBACK,
    FALLBACK_AFTER,
    MEDIA,
    MOST_MEDIA,
    RCS,
    RCS_ONLY,
    SEND_AFTER,
    SMART_ENCODING,
    VARIABLES,
    Field,
    Section,
)
from destinations.providers.media import KB, MB, MediaLimits
from leadrails.core.rich import Kind
from leadrails.core.rich_limits import Limits

WHATSAPP = "whatsapp"

# Source: Twilio, "Accepted content types for media" and "MMS size limits".
MEDIA_LIMITS = MediaLimits(
    most=MOST_MEDIA,
    total=5 * MB,
    fitted=frozenset({"image/jpeg", "image/jpg", "image/png", "image/gif"}),
    other=500 * KB,
    safe=600 * KB,
)

# Source: Twilio, "twilio/card", "twilio/carousel" and "twilio/media". A card without
# a picture becomes a list of chips, which has no title; carousels need buttons.
RICH_LIMITS = Limits(
    text=1600,
    description=1600,
    beside_file=0,
    beside_cards=0,
    on_carousel_card=(1, 2),
    kinds=frozenset({Kind.REPLY, Kind.OPEN_URL, Kind.DIAL}),
    needs_media=True,
    has_layout=False,
    has_thumbnails=False,
)

OPTIONS = (
    Field(
        name=CHANNEL,
        label="Send by",
        help=(
            "RCS shows your name, cards and buttons, and tells what was read. Phones"
            " without it get the text message. WhatsApp needs a sender that Meta has"
            " approved for your business."
        ),
        section=Section.OPTIONS,
        choices=(
            ("", "Text message"),
            (RCS, "RCS, else text message"),
            (RCS_ONLY, "RCS only"),
            (WHATSAPP, "WhatsApp"),
        ),
    ),
    FALLBACK,
    FALLBACK_AFTER,
    Field(
        name="fallback_from",
        label="Number of the text message",
        help=(
            "What sends the text message when RCS does not arrive. Needed where"
            " LeadRails sends it; left empty, Twilio picks a number of the Messaging"
            " Service."
        ),
        section=Section.OPTIONS,
        example="+15555550100",
    ),
    Field(
        name=SMART_ENCODING,
        label="Smart Encoding",
        help=(
            "Twilio replaces curly quotes, dashes and the like by plain ones, so that"
            " a message costs fewer segments. The preview shows what comes of it."
        ),
        section=Section.OPTIONS,
        choices=(
            ("", "As the Messaging Service is set"),
            ("true", "On"),
            ("false", "Off"),
        ),
    ),
    Field(
        name="shorten_urls",
        label="Short links",
        help="Twilio shortens links with your own domain. Needs a Messaging Service.",
        section=Section.OPTIONS,
        choices=(("", "Leave links as they are"), ("true", "Shorten links")),
    ),
    Field(
        name=SEND_AFTER,
        label="Send later",
        help=(
            "Twilio takes the message at once and sends it after so many minutes. Needs"
            " a Messaging Service. What waits at Twilio is not held back by a pause"
            " here; a STOP in the meantime is honoured by Twilio."
        ),
        section=Section.OPTIONS,
        # Twilio asks for more than 5 minutes and takes up to 35 days. Longer than a
        # day, nobody would be asked any more what became of the message.
        least=6,
        most=1440,
        unit="minutes",
        example="60",
    ),
    Field(
        name="message_intent",
        label="What the message is",
        help="Tells Twilio's Compliance Toolkit which messages respect quiet hours.",
        section=Section.OPTIONS,
        choices=(
            ("", "Not said"),
            ("otp", "One-time code"),
            ("notifications", "Notification"),
            ("fraud", "Fraud warning"),
            ("security", "Security warning"),
            ("customercare", "Customer care"),
            ("delivery", "Delivery of goods"),
            ("education", "Education"),
            ("events", "Event"),
            ("polling", "Poll"),
            ("announcements", "Announcement"),
            ("marketing", "Marketing"),
        ),
    ),
    Field(
        name="content_retention",
        label="Text kept at Twilio",
        help="Not keeping it is a feature that Twilio must first enable.",
        section=Section.OPTIONS,
        choices=(("", "As the account is set"), ("discard", "Do not keep the text")),
    ),
    Field(
        name="address_retention",
        label="Numbers kept at Twilio",
        help=(
            "With hidden numbers Twilio cannot be asked whether it has a message. If"
            " an answer is lost, the job then waits for you; see Advanced."
        ),
        section=Section.OPTIONS,
        choices=(
            ("", "As the account is set"),
            ("obfuscate", "Hide the last digits"),
        ),
    ),
    Field(
        name="risk_check",
        label="Protection against SMS pumping",
        help="Twilio blocks messages that look like fraud. Leave it on.",
        section=Section.OPTIONS,
        choices=(("", "On"), ("disable", "Off for this destination")),
    ),
)

FIELDS = (
    Field(
        name="account_sid",
        label="Account SID",
        help="At the top of the Twilio Console dashboard; starts with AC.",
        pattern=r"AC[0-9a-fA-F]{32}",
        required=True,
        example="AC followed by 32 hex characters",
    ),
    Field(
        name="auth_token",
        label="Auth token",
        help=(
            "In the Console beside the Account SID: press Show. Treat it like a"
            " password. With a separate API key, its secret may be pasted here."
            " Only the Auth token lets LeadRails check Twilio's signature on callbacks."
        ),
        secret=True,
    ),
    Field(
        name="api_key_sid",
        label="API key SID",
        help=(
            "Optional, instead of the Auth token: Console, Account, API keys &"
            " tokens. It can be revoked for LeadRails alone; starts with SK."
        ),
        pattern=r"SK[0-9a-fA-F]{32}",
        section=Section.ACCOUNT,
        example="SK followed by 32 hex characters",
    ),
    Field(
        name="api_key_secret",
        label="API key secret",
        help="Twilio shows it once, when the key is made.",
        secret=True,
        section=Section.ACCOUNT,
    ),
    Field(
        name="from_number",
        label="From number",
        help=(
            "Your 10DLC-registered Twilio number in E.164 format, a short code, or"
            " a sender name of at most 11 characters where the country allows it."
            " For WhatsApp: whatsapp: and the number."
        ),
        example="+15555550100",
    ),
    Field(
        name="messaging_service_sid",
        label="Messaging Service SID",
        help=(
            "Optional, recommended for 10DLC: Twilio picks a number of the service"
            " and handles failover. If set, it overrides the From number."
        ),
        pattern=r"MG[0-9a-fA-F]{32}",
        section=Section.ACCOUNT,
        example="MG followed by 32 hex characters",
    ),
    Field(
        name="rcs_agent",
        label="RCS sender",
        help=(
            "Only for RCS, which you choose under Send by: in the Twilio Console under"
            " Messaging, RCS senders. Leave it empty if the Messaging Service has it in"
            " its pool."
        ),
        pattern=r"rcs:[A-Za-z0-9_.-]{2,100}",
        is_of_rcs=True,
        section=Section.ACCOUNT,
        example="rcs: and the sender's ID, without spaces",
    ),
    MEDIA,
    Field(
        name=CONTENT_TEMPLATE,
        label="Content template SID",
        help=(
            "Optional: a template of the Content Template Builder in the Twilio"
            " Console, sent in place of the text above. WhatsApp asks for one for a"
            " first message; buttons and cards need one. Starts with HX."
        ),
        pattern=r"HX[0-9a-fA-F]{32}",
        section=Section.CONTENT,
        example="HX followed by 32 hex characters",
    ),
    VARIABLES,
    *OPTIONS,
)
