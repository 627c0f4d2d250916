"""Why a target is missed, in a sentence each; docs/benchmarks.md has the profiles."""

_CLAIM = (
    "The 200 oldest leased without lanes and rates take a third of it; 200 lanes are"
    " 200 probes, 200 gates to lock and 400 rows more to write."
)
_PAGE = (
    "The query is 0.3 to 1 ms of it; the rest is Django writing the statement and"
    " making fifty objects."
)

# `make bench-10m` asks the same queries.
EXCUSES: dict[str, str] = {
    "claim_of_200": _CLAIM,
    "claim_of_200_10m": _CLAIM,
    "claim_of_200_10m_beside_an_idle_transaction": (
        f"{_CLAIM} What passed in the five seconds before the low-water mark is stepped"
        " over, too."
    ),
    "list_page_p95": _PAGE,
    "list_page_p95_10m": _PAGE,
    "one_process_1000_in_flight": (
        "A job costs 0.6 ms of this process's CPU, and the other core is PostgreSQL's"
        " and the provider's: two cores do no more, however many wait for an answer."
    ),
    "one_process_memory": (
        "92 MB are the code before the first message; the rest is a thousand open"
        " connections with their jobs."
    ),
    "speed_to_lead_p50": (
        "Claim, load and attempt row go to PostgreSQL one after the other, and the last"
        " waits for the disk: 4 ms, before the call itself."
    ),
    "intake_p50_one_client": (
        "One statement writes two jobs, lead, nonce and key, 1 ms of CPU there, and"
        " waits for the disk; reading and proving the request is 0.7 ms."
    ),
}
