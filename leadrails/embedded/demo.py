"""`make demo`: demo tenants, the sample leads once, and where to find everything."""

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from leadrails.embedded.lead_run import (
    HEADING,
    Course,
    Poster,
    SimulatorRecord,
    follow,
    let_a_minute_pass,
    percentiles,
)
from leadrails.embedded.memory import proportional_mb
from leadrails.embedded.places import Unusable, write_secret_file
from leadrails.embedded.replies import write_back
from leadrails.embedded.samples import load_samples
from leadrails.embedded.stack import Stack

FILE_NAME = "demo.json"
SEEDED = ("client_id", "sources", "api_key", "admin", "second_tenant", "simulator")


@dataclass(frozen=True, slots=True)
class Summary:
    leads: int
    right: int
    p50_ms: float | None
    p95_ms: float | None
    memory_mb: float | None

    @property
    def is_right(self) -> bool:
        return self.leads == self.right

    def json(self) -> str:
        return json.dumps({name: getattr(self, name) for name in self.__slots__})


class Demo:
    """A started stack with its demo tenants."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.file = stack.state_dir / FILE_NAME
        self.seeded = _seed(stack)
        self.write_file()
        stack.on_change = self.write_file

    def close(self) -> None:
        self.stack.on_change = None
        self.file.unlink(missing_ok=True)

    @property
    def handsets_url(self) -> str:
        """Where the recipients' virtual phones are."""
        path: str = self.seeded["simulator"]["handsets"]
        return self.stack.urls["simulator"] + path

    @property
    def mailbox_url(self) -> str:
        """Where mail of the system is read, once logged in as an owner."""
        return f"{self.stack.urls['web']}/mailbox/"

    def write_file(self) -> None:
        """Where everything is, for scripts; again whenever a process is new."""
        facts = {
            "web_url": self.stack.urls["web"],
            "simulator_url": self.stack.urls["simulator"],
            "handsets_url": self.handsets_url,
            "mailbox_url": self.mailbox_url,
            **self.seeded,
            "pids": self.stack.pids,
            "database_url": self.stack.urls["database"],
            "redis_url": self.stack.urls["redis"],
        }
        write_secret_file(self.file, json.dumps(facts, indent=2) + "\n")

    def run_leads(self) -> Summary:
        samples = load_samples(run=self._count_run())
        self._say(f"Posting {len(samples)} sample leads …")
        source = self.seeded["sources"][0]
        poster = Poster(
            web_url=self.stack.urls["web"],
            client_id=self.seeded["client_id"],
            source_id=source["source_id"],
            key_id=source["key_id"],
            signing_secret=source["signing_secret"],
        )
        courses = poster.post_all(samples)
        self._say(HEADING)
        record = SimulatorRecord(
            simulator_url=self.stack.urls["simulator"],
            account_sid=self.seeded["simulator"]["account_sid"],
            auth_token=self.seeded["simulator"]["auth_token"],
        )
        self._follow(courses, record)
        replies = write_back(
            self.handsets_url, samples, agents=self.seeded["simulator"]["agents"]
        )
        self._say(f"{replies} people write back: see Conversations and Suppressions.")
        self._follow_answers(courses, record)
        p50, p95 = percentiles(courses)
        right = sum(course.is_right for course in courses)
        memory = proportional_mb(os.getpid())
        return Summary(len(courses), right, p50, p95, memory)

    def _follow_answers(
        self, courses: Sequence[Course], record: SimulatorRecord
    ) -> None:
        """Watch what the rules make of what people tapped, and did not read."""
        answered = [course for course in courses if course.awaits_answer]
        for course in answered:
            course.has_answered = True
        self._say("A minute passes at once for those who read nothing.")
        let_a_minute_pass(answered, database_url=self.stack.urls["database"])
        self._follow(answered, record)

    def _follow(self, courses: Sequence[Course], record: SimulatorRecord) -> None:
        database_url = self.stack.urls["database"]
        follow(courses, database_url=database_url, record=record, tell=self._say)

    def greet(self) -> None:
        admin = self.seeded["admin"]
        for line in (
            "",
            f"LeadRails runs at  {self.stack.urls['web']}",
            f"The phones         {self.handsets_url}",
            f"The mail           {self.mailbox_url}",
            f"Log in as          {admin['email']}  {admin['password']}",
            f"For scripts        {self.file}",
            "Ctrl-C stops it; the data stays. make clean removes it.",
        ):
            self._say(line)

    def _say(self, line: str) -> None:
        self.stack.log("leadrails", line)

    def _count_run(self) -> int:
        file = self.stack.state_dir / "runs"
        run = int(file.read_text(encoding="ascii")) + 1 if file.exists() else 0
        file.write_text(str(run), encoding="ascii")
        return run


def _seed(stack: Stack) -> dict[str, Any]:
    """Make the demo tenants, or find those of the last time."""
    stack.log("leadrails", "Making the demo tenants …")
    *_, last = stack.manage("seed_demo").strip().splitlines() or [""]
    seeded: dict[str, Any] = json.loads(last)
    if missing := [name for name in SEEDED if name not in seeded]:
        raise Unusable(f"seed_demo did not name {', '.join(missing)}.")
    return {name: seeded[name] for name in SEEDED}
