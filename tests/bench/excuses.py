"""Why a target is missed, in a sentence each; docs/benchmarks.md has the profiles."""

EXCUSES: dict[str, str] = {}
