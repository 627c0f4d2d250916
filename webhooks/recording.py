"""Let what providers say move the jobs, many at once."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from django.db import transaction

from leadrails.jobs import deadlines
from leadrails.jobs.deadlines import Moved
from webhooks.cases import Loaded, load_cases, write_cases
from webhooks.consequences import Consequence, follow_up
from webhooks.reports import Case, Report, record


@dataclass(frozen=True, slots=True)
class Recorded:
    """What became of reports, by their place; the others' jobs are busy."""

    kept: list[int] = field(default_factory=list)
    refused: dict[int, LookupError] = field(default_factory=dict)


def record_reports(reports: Sequence[Report]) -> Recorded:
    """
    Record reports in their order, in one transaction.

    One that is known already is kept too. One whose job somebody else has locked is
    left out, to be tried again.
    """
    recorded = Recorded()
    consequences = []
    with transaction.atomic(savepoint=False):
        loaded = load_cases({report.job_id for report in reports})
        for place, report in enumerate(reports):
            if report.job_id in loaded.busy:
                continue
            try:
                case = _find_case(report, loaded)
            except LookupError as error:
                recorded.refused[place] = error
                continue
            if (decision := record(report, case)) is not None:
                consequences.append(Consequence(report, case, decision))
            recorded.kept.append(place)
        write_cases(loaded.cases.values())
        _note_deadlines(reports, loaded)
        follow_up(consequences)
    return recorded


def _note_deadlines(reports: Sequence[Report], loaded: Loaded) -> None:
    places = {report.job_id: report.destination for report in reports}
    deadlines.note(
        Moved(job_id, places[job_id], case.was, case.job.state, case.job.reason)
        for job_id, case in loaded.cases.items()
        if case.job.state is not case.was
    )
    deadlines.note_channels(
        [
            job_id
            for job_id, case in loaded.cases.items()
            if case.has_other_sender and places[job_id].may_have_channel
        ]
    )


def _find_case(report: Report, loaded: Loaded) -> Case:
    case = loaded.cases.get(report.job_id)
    if case is None or case.job.destination_id != report.destination.id:
        raise LookupError("there is no such job")
    if report.number > case.job.attempts:
        case.add_lost_attempt(report)
    if report.number not in case.attempts:
        raise LookupError("there is no such attempt")
    return case
