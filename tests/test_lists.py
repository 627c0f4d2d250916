import pytest

from leadrails import lists
from leadrails.jobs.models import Job
from tests.make import make_destination, make_job, make_lead, make_source, make_tenant

pytestmark = pytest.mark.django_db


@pytest.fixture
def tenant():
    tenant = make_tenant()
    source, destination = make_source(tenant), make_destination(tenant)
    for state in ("dead", "held", "delivered", "dead"):
        make_job(make_lead(source), destination, state=state, reason="expired")
    make_job()  # of another tenant
    return tenant


def test_a_prepared_statement_reads_what_django_reads(tenant):
    rows = Job.objects.list_for_tenant(tenant).listed().order_by("-id")
    found, expected = lists.select(rows), list(Job.objects.for_tenant(tenant))
    by_id = {job.id: job for job in expected}
    assert [job.id for job in found] == sorted(by_id, reverse=True)
    for job in found:
        names = set(job.__dict__) - {"_state"}
        assert len(names) < len(Job._meta.concrete_fields)
        for name in names:
            assert getattr(job, name) == getattr(by_id[job.id], name)


def test_what_was_not_read_is_fetched_when_it_is_asked_for(tenant):
    job = lists.select(Job.objects.list_for_tenant(tenant).listed()[:1])[0]
    Job.objects.filter(pk=job.pk).update(sender="+12025550100")
    assert job.sender == "+12025550100"


def test_a_fixed_word_finds_what_a_parameter_finds(tenant):
    jobs = Job.objects.list_for_tenant(tenant).listed()
    assert len(lists.select(jobs.filter(state=lists.Fixed("dead")))) == 2
    assert len(lists.select(jobs.filter(attempts=lists.Fixed(0)))) == 4


@pytest.mark.parametrize("word", ["it's", "100%", "1; DROP", 'a"b', "\\"])
def test_only_words_of_the_code_stand_in_a_statement(tenant, word):
    with pytest.raises(ValueError, match="Only words"):
        lists.select(Job.objects.filter(reason=lists.Fixed(word)).listed())


def test_columns_that_django_converts_are_refused(tenant):
    with pytest.raises(TypeError, match="itself"):
        lists.select(Job.objects.list_for_tenant(tenant))


def test_no_ids_find_nothing():
    assert lists.select(Job.objects.filter(pk__in=[]).listed()) == []
