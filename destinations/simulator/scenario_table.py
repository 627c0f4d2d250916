"""The Markdown table of docs/simulator.md."""

from destinations.simulator.scenarios import SCENARIOS, Scenario
from destinations.simulator.vocabulary import at_telnyx


def table() -> str:
    rows = ["| NN | Scenario | What happens | At Twilio | At Telnyx |"]
    rows.append("| --- | --- | --- | --- | --- |")
    for scenario in SCENARIOS:
        cells = (
            scenario.number or "any other",
            f"`{scenario.name}`",
            scenario.what,
            _ends(scenario, scenario.steps),
            _ends(at_telnyx(scenario), scenario.steps),
        )
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows) + "\n"


def _ends(scenario: Scenario, steps: object) -> str:
    status = f"`{scenario.final_status}`" if steps else "not accepted"
    code = scenario.final_code if steps else scenario.refusal
    return f"{status} {code}" if code else status
