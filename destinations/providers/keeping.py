"""RCS content that must lie at the provider before it can be sent."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Protocol

from destinations.providers.kept import Kept
from leadrails.core.delivery import OutcomeUnknown
from leadrails.core.rich import Rich

if TYPE_CHECKING:
    from destinations.providers.http import ProviderSession


class KeepsContent(Protocol):
    """
    What `Provider` offers of it. To be inherited: these defaults keep nothing.

    But for `kept_content` only asked where that gives any.
    """

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
