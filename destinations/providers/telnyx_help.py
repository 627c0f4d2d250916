"""What people see of Telnyx in jobs and alerts, what it means, and what clears it."""

from destinations.providers.base import Trouble

STATUS_WORDS = {
    "delivery_unconfirmed": (
        "The carrier never said whether it arrived, and no more will be known."
    ),
    "expired": "It could not be delivered in time.",
    "link_clicked": "Somebody opened the short link in it.",
}
TROUBLES = (
    Trouble(
        title="401",
        subtitle="code 10009",
        text=(
            "The API key is wrong or was deleted. The destination pauses and its"
            " messages wait. Enter a key that works under Edit, verify the connection,"
            " resume."
        ),
        is_of_account=True,
    ),
    Trouble(
        title="40305",
        subtitle="Invalid 'from' address",
        text=(
            "The From number is not on the messaging profile. In the Telnyx portal"
            " assign the number to the profile under Messaging, the profile, Numbers,"
            " or correct the profile's ID here."
        ),
        is_of_account=True,
    ),
    Trouble(
        title="40310, 10016",
        subtitle="Invalid 'to' address",
        text=(
            "The recipient is not a phone number in E.164 form. LeadRails brings"
            " numbers into that form and skips those it cannot read, so look at the"
            " recipient template and at what the form sends."
        ),
    ),
    Trouble(
        title="40300",
        subtitle="Blocked due to STOP",
        text=(
            "The person replied STOP to a number of this messaging profile. They are"
            " on the suppression list and nothing more is sent to them; only they can"
            " undo it, by replying START to the same number."
        ),
    ),
    Trouble(
        title="40309",
        subtitle="Region not allowed",
        text=(
            "The messaging profile may not send to that country. Its messages wait,"
            " all others go on. Add the country in the Telnyx portal under Messaging,"
            " the profile, Outbound; then release it under Advanced."
        ),
    ),
    Trouble(
        title="40002, 40015, 40017",
        subtitle="blocked as spam",
        text=(
            "Telnyx or a carrier filtered the message. Usual causes are a number"
            " without an approved 10DLC campaign, a text that looks like spam, a"
            " shortened link, or no word on how to opt out. One such message shows on"
            " its job; when they become frequent, an alert opens."
        ),
    ),
    Trouble(
        title="40010, 40329",
        subtitle="not registered",
        text=(
            "US traffic from a number that is not registered: a local number needs a"
            " 10DLC brand and campaign, a toll-free one its verification. Both are"
            " done in the Telnyx portal; then resume the destination."
        ),
    ),
    Trouble(
        title="Outcome unknown",
        subtitle="the answer to a send was lost",
        text=(
            "Telnyx keeps no list of messages that could be asked. If Telnyx took the"
            " message, its callback says so within moments and settles the job. If"
            " none comes, the job waits for you, unless you chose under Advanced that"
            " it is sent again."
        ),
    ),
    Trouble(
        title="Sent",
        subtitle="delivery_unconfirmed",
        text=(
            "The carrier took the message and never said whether it arrived. No more"
            " will be known of it. Many carriers outside the US never confirm."
        ),
    ),
)
