import json
import threading
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from leadrails.core import ids, signing
from leadrails.embedded.lead_run import Call, Course, JobRow, Poster, percentiles
from leadrails.embedded.samples import Expectation, Sample

LEAD = ids.uuid7()
SECRET = "lrs_test"


def make_sample(expect=None, **changes):
    event = {"lead": {"phone": "+14155550101"}}
    return Sample("A lead", event, expect or Expectation("delivered", 1), **changes)


def make_job(state="delivered", **changes):
    fields = {
        "id": ids.uuid7(),
        "lead_id": LEAD,
        "state": state,
        "reason": "",
        "error_code": "",
        "attempts": 1,
        "recipient": "+14155550101",
        "delivered_at": None,
        "alerts": [],
    }
    return JobRow(**{**fields, **changes})


def make_course(*jobs, expect=None, calls=1, **changes):
    course = Course(make_sample(expect), 1000.0, 202, LEAD, **changes)
    course.jobs = list(jobs)
    course.calls = [Call(1000.004 + number, True) for number in range(calls)]
    return course


def test_a_lead_that_went_as_expected_is_right():
    at = datetime.fromtimestamp(1000.25, UTC)
    course = make_course(make_job(delivered_at=at))
    assert course.is_right
    assert (course.ms_to_provider, course.ms_to_delivered) == (4.0, 250.0)
    assert course.line().startswith("ok    A lead")


@pytest.mark.parametrize(
    "course",
    [
        make_course(make_job(), calls=2),
        make_course(make_job(), calls=0),
        make_course(make_job("sent")),
        make_course(make_job(), make_job()),
        make_course(),
        make_course(make_job(), problem="answered 401: {}"),
        make_course(make_job(), expect=Expectation("unrouted", 1)),
        make_course(make_job(), expect=Expectation("delivered", 1, attempts=2)),
        make_course(make_job(), expect=Expectation("delivered", 1, reason="late")),
        make_course(make_job(), expect=Expectation("delivered", 1, error_code="1")),
        make_course(
            make_job(alerts=["other"]), expect=Expectation("delivered", 1, alert="it")
        ),
    ],
    ids=[
        "texted twice",
        "said to be delivered without a message",
        "not there yet",
        "two jobs",
        "no job",
        "refused",
        "routed",
        "too few attempts",
        "no reason",
        "no code",
        "no alert",
    ],
)
def test_a_lead_that_went_otherwise_is_wrong(course):
    assert not course.is_right
    assert course.line().startswith("WRONG A lead")


def test_a_lead_without_route_has_no_job_and_no_message():
    assert make_course(expect=Expectation("unrouted", 0), calls=0).is_right


def test_what_an_answer_brings_about_is_expected_after_it():
    expect = Expectation(
        "delivered",
        1,
        more=("fallback sent",),
        answered=("reply read",),
        tag="warm",
    )
    first, more = make_job(), make_job("sent", cause="fallback")
    course = make_course(first, more, expect=expect, calls=2)
    assert course.is_right
    course.has_answered = True
    assert not course.is_right

    reply = make_job("read", cause="reply")
    course.jobs = [make_job(tags=["warm"]), more, reply]
    assert not course.is_right  # nothing was sent
    course.calls.append(Call(1003.0, True))
    assert course.is_right
    assert str(expect) == course.happened
    course.jobs = [first, more, reply]
    assert not course.is_right


def test_percentiles_are_of_those_that_reached_the_provider():
    courses = [make_course(make_job()) for _ in range(20)]
    courses[-1].calls = [Call(1001.0, True)]
    courses.append(make_course(calls=0))
    p50, p95 = percentiles(courses)
    assert p50 == 4.0
    assert 4.0 < p95 < 1000.0
    assert percentiles([make_course(calls=0)]) == (None, None)


class Intake(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        key = self.headers["X-LR-Idempotency-Key"]
        parts = signing.SignedParts(
            timestamp=self.headers["X-LR-Timestamp"],
            nonce=self.headers["X-LR-Nonce"],
            idempotency_key=key,
            body=body,
            path=self.path,
        )
        is_signed = signing.verify(self.headers["X-LR-Signature"], parts, SECRET)
        again = key in self.server.seen
        self.server.seen[key] = json.loads(body)
        status = "already_accepted" if again else "accepted"
        reply = {"event_id": ids.encode("evt", LEAD), "status": status}
        text = json.dumps(reply if is_signed else {"error": "auth_failed"}).encode()
        self.send_response(202 if is_signed else 401)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_):
        pass


@pytest.fixture
def intake():
    with ThreadingHTTPServer(("127.0.0.1", 0), Intake) as server:
        server.seen = {}
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def make_poster(intake, secret=SECRET):
    return Poster(
        web_url=f"http://127.0.0.1:{intake.server_port}",
        client_id="cli_x",
        source_id="src_x",
        key_id="key_x",
        signing_secret=secret,
    )


def test_leads_are_posted_with_a_signature_that_holds(intake):
    (course,) = make_poster(intake).post_all([make_sample()])
    assert (course.answer, course.lead_id, course.problem) == (202, LEAD, "")
    (event,) = intake.seen.values()
    assert event["schema_version"] == "lead_event.v1"
    assert event["lead"] == {"phone": "+14155550101"}


def test_two_runs_use_different_idempotency_keys(intake):
    for _ in range(2):
        make_poster(intake).post_all([make_sample()])
    assert len(intake.seen) == 2


def test_a_lead_posted_twice_keeps_its_key(intake):
    (course,) = make_poster(intake).post_all([make_sample(is_posted_twice=True)])
    assert course.problem == ""
    assert len(intake.seen) == 1


def test_a_refusal_is_told_with_its_answer(intake):
    (course,) = make_poster(intake, secret="other").post_all([make_sample()])
    assert course.happened == "answered 401: {'error': 'auth_failed'}"
