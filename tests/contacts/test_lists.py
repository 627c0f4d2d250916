"""Suppressed numbers, taken in and given out."""

import csv

import pytest

from leadrails.contacts import lists
from leadrails.contacts.lists import TooLong, export_rows, import_numbers
from leadrails.contacts.models import Suppression
from leadrails.contacts.services import remove_suppression
from leadrails.tenants.models import AuditEntry
from tests.make import make_tenant, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def tenant():
    return make_tenant(country="US")


def numbers(tenant):
    rows = Suppression.objects.for_tenant(tenant).in_force().order_by("phone")
    return [(row.phone, row.note) for row in rows]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "+12025550101\n(202) 555-0102\n",
            [("+12025550101", ""), ("+12025550102", "")],
        ),
        ("+12025550101,angry\n", [("+12025550101", "angry")]),
        ("Name;Phone\nAnn;202 555 0101\n", [("+12025550101", "Ann")]),
        ("phone\tnote\n'+12025550101\tx\n", [("+12025550101", "x")]),
        ("\ufeffPhone,Note\n+12025550101,y\n\n", [("+12025550101", "y")]),
        ('"+12025550101","a, b"\r\n', [("+12025550101", "a, b")]),
        ("+12025550101\n202-555-0101", [("+12025550101", "")]),
    ],
)
def test_lists_of_many_kinds_are_read(tenant, text, expected):
    import_numbers(tenant, text, actor=make_user(tenant))

    assert numbers(tenant) == expected


def test_a_second_import_adds_nothing(tenant):
    actor, text = make_user(tenant), "+12025550101\n+12025550102"
    first = import_numbers(tenant, text, actor=actor)
    second = import_numbers(tenant, f"{text}\n+12025550103", actor=actor)

    assert (first.added, first.known) == (2, 0)
    assert (second.added, second.known) == (1, 2)
    assert AuditEntry.objects.filter(action="suppressions.imported").count() == 2


def test_lines_without_a_number_are_told(tenant):
    text = "+12025550101\nAnn\n\n12,x\n"
    result = import_numbers(tenant, text, actor=make_user(tenant))

    assert (result.added, result.bad_count) == (1, 2)
    assert [(line, raw) for line, raw, _why in result.bad] == [(2, "Ann"), (4, "12")]


def test_a_list_that_is_too_long_adds_nothing(tenant, monkeypatch):
    monkeypatch.setattr(lists, "MOST_LINES", 2)
    with pytest.raises(TooLong):
        import_numbers(tenant, "+12025550101\n" * 3, actor=make_user(tenant))

    assert numbers(tenant) == []


def test_what_is_given_out_can_be_taken_in(tenant, monkeypatch):
    monkeypatch.setattr(lists, "CHUNK", 2)
    text = "\n".join(f"+120255501{n:02},=cmd{n}" for n in range(5))
    import_numbers(tenant, text, actor=make_user(tenant))
    Suppression.objects.create(tenant=make_tenant(), phone="+12025550199")

    exported = "".join(export_rows(Suppression.objects.for_tenant(tenant)))

    rows = sorted(csv.DictReader(exported.splitlines()), key=lambda r: r["phone"])
    assert [row["phone"] for row in rows] == [f"+120255501{n:02}" for n in range(5)]
    assert rows[0]["note"] == "'=cmd0"
    other = make_tenant()
    assert import_numbers(other, exported, actor=make_user(other)).added == 5
    assert numbers(other)[0] == ("+12025550100", "'=cmd0")


def test_who_was_taken_off_the_list_is_not_put_on_another(tenant):
    actor = make_user(tenant)
    import_numbers(tenant, "+12025550100\n+12025550101", actor=actor)
    for row in Suppression.objects.for_tenant(tenant):
        remove_suppression(row, because="They wrote to us", actor=actor)
    import_numbers(tenant, "+12025550101,angry again", actor=actor)
    exported = "".join(export_rows(Suppression.objects.for_tenant(tenant)))

    other = make_tenant()
    result = import_numbers(other, exported, actor=make_user(other))

    assert (result.added, result.lifted, result.bad_count) == (1, 2, 0)
    assert numbers(other) == [("+12025550101", "angry again")]
