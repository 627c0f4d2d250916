import pytest
from django.db.models import Q

from leadrails.jobs.models import Job
from leadrails.ui.paging import keyset_page, searched_page
from tests.make import make_destination, make_job, make_lead, make_source, make_tenant

pytestmark = pytest.mark.django_db


@pytest.fixture
def jobs():
    tenant = make_tenant()
    source, destination = make_source(tenant), make_destination(tenant)
    made = [make_job(make_lead(source), destination) for _ in range(7)]
    return sorted((job.id for job in made), reverse=True)


def ids_of(page):
    return [job.id for job in page]


def test_pages_forward_meet_every_row_once(jobs):
    seen, after = [], ""
    for _ in range(3):
        page = keyset_page(Job.objects.all(), after=after, size=3)
        seen += ids_of(page)
        after = page.older
    assert seen == jobs
    assert after == ""


def test_a_page_back_shows_the_rows_just_before(jobs):
    first = keyset_page(Job.objects.all(), size=3)
    second = keyset_page(Job.objects.all(), after=first.older, size=3)
    back = keyset_page(Job.objects.all(), before=second.newer, size=3)
    assert ids_of(back) == jobs[:3]
    assert (back.newer, bool(back.older)) == ("", True)


def test_rows_that_arrive_meanwhile_do_not_shift_a_page(jobs):
    first = keyset_page(Job.objects.all(), size=3)
    make_job()
    second = keyset_page(Job.objects.all(), after=first.older, size=3)
    assert ids_of(second) == jobs[3:6]


def test_a_mangled_cursor_is_the_first_page(jobs):
    assert ids_of(keyset_page(Job.objects.all(), after="01J5…", size=7)) == jobs


def test_nothing_is_a_page_without_cursors():
    page = keyset_page(Job.objects.none())
    assert (len(page), page.older, page.newer) == (0, "", "")


@pytest.mark.parametrize("wanted", [{0}, {6}, {0, 1, 2, 5}, set(range(7)), set()])
@pytest.mark.parametrize("most", [1, 2, 3, 7, 8])
def test_a_search_in_parts_meets_every_row_once_there_and_back(jobs, wanted, most):
    expected = [jobs[number] for number in sorted(wanted)]
    Job.objects.filter(pk__in=expected).update(sender="+12025550100")

    def search(**cursor):
        found = searched_page(Job.objects.all(), Q(sender__gt=""), most=most, **cursor)
        assert len(found) <= most
        return found

    page = search()
    seen, newest = ids_of(page), page.newer
    while page.older:
        assert page.ended_at or most >= len(jobs)
        page = search(after=page.older)
        seen += ids_of(page)
    assert (seen, newest, page.ended_at) == (expected, "", None)
    seen = ids_of(page)
    while page.newer:
        page = search(before=page.newer)
        seen = ids_of(page) + seen
    assert seen == expected
