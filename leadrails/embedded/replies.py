"""What people answer in the demo, written and tapped on their virtual phones."""

import urllib.parse
import urllib.request
from collections.abc import Mapping, Sequence

from leadrails.core.phone import normalise
from leadrails.embedded.samples import Sample

SENDER = "+15555550100"  # of the demo's first destination
TELNYX = "+15555550200"
POSTBACK = "book"  # of the suggestion that is tapped
SECONDS = 5.0
REPLIES = {
    "United States, international format": {"body": "Yes please! Tomorrow at 9?"},
    "United States, with a picture": {"with": "+15555550102", "picture": "sample"},
    "Opted out": {"body": "STOP"},
    "By Telnyx, United States": {"with": TELNYX, "body": "Can you come on Friday?"},
    "By Telnyx, answer lost after accepting": {"with": TELNYX, "body": "Stop"},
    "By RCS and Twilio, read and tapped": {
        "agent": "twilio",
        "button": "Book a visit",
    },
    "By RCS and Telnyx, read and tapped": {
        "agent": "telnyx",
        "button": "Book a visit",
    },
}
"""By the name of the sample: fields of the handset's form."""


def write_back(
    handsets_url: str, samples: Sequence[Sample], *, agents: Mapping[str, str]
) -> int:
    """
    Have some of these people reply; return how many did.

    Args:
        agents: the RCS senders that can be answered to, by provider.

    Raises:
        OSError: the simulator does not answer, or does not take a reply.
    """
    replies = 0
    for sample in samples:
        if sample.name not in REPLIES:
            continue
        phone = normalise(sample.event["lead"]["phone"], "US").e164
        form = {"with": SENDER, **REPLIES[sample.name]}
        if agent := form.pop("agent", ""):
            form |= {"with": agents[agent], "payload": POSTBACK}
        request = urllib.request.Request(
            f"{handsets_url}{phone}/reply", urllib.parse.urlencode(form).encode()
        )
        with urllib.request.urlopen(request, timeout=SECONDS):
            replies += 1
    return replies
