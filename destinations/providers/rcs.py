"""What providers of RCS offer beyond sending: kept content, and whom it reaches."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Protocol

from destinations.providers.kept import Kept
from leadrails.core.delivery import OutcomeUnknown
from leadrails.core.rich import Rich

if TYPE_CHECKING:
    from destinations.providers.http import ProviderSession


class OffersRcs(Protocol):
    """
    A part of `Provider`. To be inherited: these defaults keep nothing and ask nobody.

    Of content only `kept_content` and `content_problem` are asked where it gives none.
    """

    @property
    def checks_rcs_of(self) -> str:
        """
        The RCS sender for which phones are to be looked up before a message goes.

        Empty where the provider looks by itself, or falls back.
        """
        return ""

    async def has_rcs(self, to: str, http: ProviderSession) -> bool | None:  # noqa: ARG002
        """
        Whether a phone can be reached by RCS; None if that cannot be told.

        Raises:
            SendError: nothing is known.
        """
        return None

    async def rcs_replies_at(self, http: ProviderSession) -> str:  # noqa: ARG002
        """
        Where the RCS sender's replies go at present; empty if that is not told.

        Raises:
            SendError: nothing is known.
        """
        return ""

    @classmethod
    def kept_content(
        cls,
        rich: Rich,  # noqa: ARG003 - a default
        body: str,  # noqa: ARG003
        config: Mapping[str, str],  # noqa: ARG003
    ) -> Kept | None:
        """
        What of RCS content must be kept at the provider before it can be sent.

        None where all of it goes with each message. `body` is the template of the
        text message in reserve.
        """
        return None

    @classmethod
    def content_problem(
        cls,
        rich: Rich,  # noqa: ARG003 - a default
        config: Mapping[str, str],  # noqa: ARG003
    ) -> str:
        """Why content cannot go with these settings, in a sentence; else empty."""
        return ""

    async def create_content(
        self,
        name: str,  # noqa: ARG002
        content: Kept,  # noqa: ARG002
        sample_of: Callable[[str], str],  # noqa: ARG002
        http: ProviderSession,  # noqa: ARG002
    ) -> str:
        """
        Have content kept, and return its id at the provider.

        Args:
            sample_of: what a variable's source may come out as.

        Raises:
            SendError: it was refused, or nothing is known.
        """
        raise OutcomeUnknown("this provider keeps no content")

    async def has_content(self, content_id: str, http: ProviderSession) -> bool:  # noqa: ARG002
        """
        Raises:
            SendError: nothing is known.
        """
        raise OutcomeUnknown("this provider keeps no content")

    async def delete_content(self, content_id: str, http: ProviderSession) -> None:  # noqa: ARG002
        """
        Delete it, unless it is gone.

        Raises:
            SendError: it was refused, or nothing is known.
        """
        raise OutcomeUnknown("this provider keeps no content")
