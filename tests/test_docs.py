"""What the documents show of the code's tables is what the code has."""

from pathlib import Path

from leadrails.core.retry import RetryPolicy
from leadrails.core.states import State, diagram
from tests.screenshots import FOLDER, LOOKS, MOST_BYTES, PAGES

DELIVERY = Path(__file__).parent.parent / "docs" / "delivery.md"


def test_the_state_diagram_is_the_table_of_transitions():
    assert f"```mermaid\n{diagram()}```" in DELIVERY.read_text()


def test_every_state_is_explained():
    table = DELIVERY.read_text().split("| State | On the page |")[1]
    first_cells = [line.split("|")[1] for line in table.split("\n\n")[0].splitlines()]
    explained = {word.strip() for cell in first_cells[2:] for word in cell.split(",")}
    assert explained == {state.value for state in State}


def test_the_retry_schedule_is_the_default_one():
    text = DELIVERY.read_text()
    schedule = RetryPolicy().schedule()
    last = next(n for n, wait in enumerate(schedule, 1) if wait == schedule[-1])
    for number, (shortest, longest) in enumerate(schedule[: last - 1], 1):
        assert f"| {number} | {words(shortest)} | {words(longest)} |" in text
    assert f"| {last} to {len(schedule)} | {words(schedule[-1][0])} | " in text
    assert f"at most {len(schedule) + 1} attempts" in text


def words(wait):
    minutes, seconds = divmod(int(wait.total_seconds()), 60)
    parts = [f"{minutes} min" * bool(minutes), f"{seconds} s" * bool(seconds)]
    return " ".join(filter(None, parts))


def test_every_page_has_its_pictures_and_they_are_small():
    page = DELIVERY.with_name("ui.md").read_text()
    names = [f"{n}-{look}.webp" for n in ["first-run", *PAGES] for look in LOOKS]
    assert {image.name for image in FOLDER.glob("*.webp")} == set(names)
    assert [name for name in names if f"(images/{name})" not in page] == []
    assert sum(image.stat().st_size for image in FOLDER.iterdir()) <= MOST_BYTES
