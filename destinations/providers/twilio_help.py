"""What people see of Twilio in jobs and alerts, what it means, and what clears it."""

from destinations.providers.base import Trouble

TROUBLES = (
    Trouble(
        title="401",
        subtitle="code 20003",
        text=(
            "The Account SID or the Auth token is wrong, or the token was replaced."
            " The destination pauses and its messages wait. Enter the current ones"
            " under Edit, verify the connection, resume."
        ),
        is_of_account=True,
    ),
    Trouble(
        title="400, 21211",
        subtitle="Invalid 'To' phone number",
        text=(
            "The recipient is not a phone number in E.164 form. LeadRails brings"
            " numbers into that form and skips those it cannot read, so look at the"
            " recipient template and at what the form sends."
        ),
    ),
    Trouble(
        title="400, 21610",
        subtitle="Recipient unsubscribed",
        text=(
            "The person replied STOP to this sender. They are on the suppression"
            " list and nothing more is sent to them; only they can undo it, by"
            " replying START."
        ),
    ),
    Trouble(
        title="400, 21408",
        subtitle="Region not enabled",
        text=(
            "The account may not send to that country. Its messages wait, all"
            " others go on. Enable the country in the Twilio Console under"
            " Messaging, Settings, Geo permissions; then release it under Advanced."
        ),
    ),
    Trouble(
        title="30007",
        subtitle="destination_config_failed",
        text=(
            "A carrier filtered the message. This comes as a later status, not as"
            " the answer to the send: Twilio accepts the message first. Usual causes"
            " are a number without an approved 10DLC campaign, a text that looks"
            " like spam, a shortened link, or no word on how to opt out. One such"
            " message shows on its job; when they become frequent, or a new"
            " destination's first ones are filtered, an alert opens."
        ),
    ),
    Trouble(
        title="Throttling",
        subtitle="about five messages a day, or 30034",
        text=(
            "US traffic from a number that is not registered for 10DLC. Register"
            " your brand and a campaign in the Twilio Console and attach the number"
            " to the campaign."
        ),
    ),
    Trouble(
        title="Long delays",
        subtitle="sent, but delivered much later",
        text=(
            "Carriers look at a new number's first messages closely. Give it one or"
            " two days. The job's page shows when Twilio took the message and when"
            " the handset confirmed it."
        ),
    ),
    Trouble(
        title="21608",
        subtitle="trial account",
        text=(
            "A trial account sends only to numbers verified in the Twilio Console,"
            " and puts a notice before each message. Upgrade it to reach your leads."
        ),
    ),
)
