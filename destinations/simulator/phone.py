"""What somebody wrote on a handset, whichever provider it goes to."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """
    Attributes:
        uploads: content type and bytes of each picture or file.
        fields: what only some messages have: a place, a button.
        base_url: where the media of the message can be fetched.
    """

    sender: str
    to: str
    body: str
    uploads: tuple[tuple[str, bytes], ...] = ()
    fields: dict[str, str] = field(default_factory=dict)
    base_url: str = ""
