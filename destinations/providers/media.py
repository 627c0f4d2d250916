"""How many and how large files a provider takes with a message."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

KB = 1_000
MB = 1_000_000


@dataclass(frozen=True, slots=True)
class MediaFile:
    """A file as its server gives it; `size` in bytes."""

    url: str
    content_type: str
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaLimits:
    """
    Attributes:
        most: files with one message.
        total: bytes of all files and the text together.
        fitted: types that the provider makes smaller for the carrier by itself.
        other: bytes of a file of another type.
        safe: bytes up to which every carrier takes a message.
    """

    most: int
    total: int
    fitted: frozenset[str]
    other: int
    safe: int

    def sentence(self) -> str:
        fitted = ", ".join(sorted(kind.partition("/")[2] for kind in self.fitted))
        if not fitted:
            return (
                f"At most {self.most} files, fetched by the provider, up to"
                f" {_size(self.total)} together with the text. Below"
                f" {_size(self.safe)} every carrier takes them."
            )
        return (
            f"At most {self.most} files, fetched by the provider: {fitted} up to"
            f" {_size(self.total)} together with the text, anything else up to"
            f" {_size(self.other)}. Below {_size(self.safe)} every carrier takes them."
        )

    def problems(self, files: Sequence[MediaFile], text: str = "") -> Iterator[str]:
        """Say what will be refused, and what may fail, of a message's files."""
        if len(files) > self.most:
            yield f"{len(files)} files are too many: at most {self.most} may go along."
        for file in files:
            if file.content_type not in self.fitted and file.size > self.other:
                yield (
                    f"{file.url} has {_size(file.size)}; a file of type"
                    f" {file.content_type} may have {_size(self.other)}."
                )
        whole = sum(file.size for file in files) + len(text.encode())
        if whole > self.total:
            yield (
                f"Files and text have {_size(whole)} together; at most"
                f" {_size(self.total)} are taken."
            )
        elif whole > self.safe and any(
            f.content_type not in self.fitted for f in files
        ):
            yield (
                f"Files and text have {_size(whole)} together. Some carriers refuse"
                f" more than {_size(self.safe)}."
            )


def _size(count: int) -> str:
    if count >= MB:
        return f"{count / MB:.1f}".removesuffix(".0") + " MB"
    return f"{-(-count // KB)} kB"
