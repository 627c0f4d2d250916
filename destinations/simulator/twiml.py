"""Reads the TwiML that answers an inbound message."""

from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree as ET


@dataclass(frozen=True, slots=True)
class Reply:
    """A `<Message>`; what it leaves out is "" and means the other side."""

    body: str
    media: tuple[str, ...] = ()
    to: str = ""
    sender: str = ""
    callback_url: str = ""


@dataclass(frozen=True, slots=True)
class Redirect:
    url: str
    method: str = "POST"


Verb = Reply | Redirect


class BadTwiml(ValueError):
    """`code` is the provider's: 12100 for no XML, 12200 for XML out of its schema."""

    def __init__(self, code: int, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code


def read(text: str, content_type: str) -> list[Verb]:
    """
    Return what to do. Nothing at all is right too; a plain text is itself the reply.

    Raises:
        BadTwiml: the answer counts as failed, so the fallback is asked.
    """
    if not text.strip():
        return []
    if content_type == "text/plain":
        return [Reply(text.strip())]
    if content_type not in {"text/xml", "application/xml", "text/html"}:
        raise BadTwiml(12300, f"{content_type} is no TwiML")
    if "<!ENTITY" in text:
        raise BadTwiml(12100, "entities are not read")
    try:
        root = ET.fromstring(text)  # noqa: S314 - entities were refused above
    except ET.ParseError as error:
        raise BadTwiml(12100, str(error)) from error
    if root.tag != "Response":
        raise BadTwiml(12200, "the document is no Response")
    return [_verb(element) for element in root]


def _verb(element: Any) -> Verb:
    if element.tag == "Redirect":
        method = element.get("method", "POST").upper()
        return Redirect((element.text or "").strip(), method)
    if element.tag not in {"Message", "Sms"}:
        raise BadTwiml(12200, f"unknown element {element.tag}")
    bodies = [child.text or "" for child in element if child.tag == "Body"]
    media = [(child.text or "").strip() for child in element if child.tag == "Media"]
    body = "\n".join(bodies) if bodies else (element.text or "").strip()
    return Reply(
        body=body,
        media=tuple(media),
        to=element.get("to", ""),
        sender=element.get("from", ""),
        callback_url=element.get("action") or element.get("statusCallback") or "",
    )
