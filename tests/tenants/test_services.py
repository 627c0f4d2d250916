import threading

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection, connections

from leadrails.tenants import invitations, password_links, services
from leadrails.tenants.models import ApiKey, AuditEntry, Membership, Role, Tenant, User
from leadrails.tenants.notices import Where
from tests.make import make_tenant, make_user

pytestmark = pytest.mark.django_db


def role_of(tenant, user):
    member = Membership.objects.for_tenant(tenant).filter(user=user).first()
    return member and member.role


def membership(tenant, user):
    return Membership.objects.for_tenant(tenant).get(user=user)


def test_bumping_raises_the_version_by_one():
    tenant = make_tenant()

    services.bump_version(tenant)
    services.bump_version(tenant.pk)

    tenant.refresh_from_db()
    assert tenant.version == 3


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        pytest.param("Acme Plumbing", "acme-plumbing", id="plain"),
        pytest.param("山田電気", "workspace", id="no Latin letters"),
        pytest.param("x" * 200, "x" * 50, id="long"),
    ],
)
def test_a_tenants_slug_comes_from_its_name(name, slug):
    assert services.create_tenant(name).slug == slug


def test_tenants_of_one_name_have_different_slugs():
    slugs = [services.create_tenant("Acme").slug for _ in range(3)]

    assert slugs == ["acme", "acme-2", "acme-3"]


def test_a_tenant_needs_a_name():
    with pytest.raises(ValidationError):
        services.create_tenant("   ")


def test_a_new_owner_has_a_tenant_and_an_audit_trail():
    made = services.create_owner(
        " Ann@Example.COM", password="correct horse 9", tenant_name="Acme"
    )

    assert made.user.email == "ann@example.com"
    assert made.user.check_password("correct horse 9")
    assert made.role == Role.OWNER
    actions = AuditEntry.objects.for_tenant(made.tenant).values_list("action", flat=1)
    assert set(actions) == {"tenant.created", "member.added"}


@pytest.mark.parametrize(
    ("email", "password", "field"),
    [
        pytest.param("nobody", "correct horse 9", "email", id="bad e-mail"),
        pytest.param("a@example.com", "password", "password", id="common password"),
        pytest.param("a@example.com", "", "password", id="no password"),
    ],
)
def test_a_bad_owner_leaves_nothing_behind(email, password, field):
    with pytest.raises(ValidationError) as refused:
        services.create_owner(email, password=password, tenant_name="Acme")

    assert field in refused.value.error_dict
    assert not User.objects.exists()
    assert not Tenant.objects.exists()


def test_an_account_is_not_given_a_new_password_by_making_an_owner():
    make_user(email="ann@example.com")

    with pytest.raises(ValidationError):
        services.create_owner(
            "ANN@example.com", password="correct horse 9", tenant_name="Acme"
        )


def test_a_person_with_an_account_may_own_one_more_tenant():
    ann = make_user(make_tenant(), email="ann@example.com")

    made = services.create_owner("ann@example.com", tenant_name="Acme")

    assert made.user == ann
    assert ann.memberships.count() == 2


@pytest.mark.django_db(transaction=True)
def test_of_many_racing_set_ups_one_wins():
    outcomes = []
    start = threading.Barrier(4)

    def race(number):
        start.wait()
        try:
            services.set_up(
                f"owner{number}@example.com",
                password="correct horse 9",
                tenant_name=f"Tenant {number}",
            )
            outcomes.append("made")
        except services.AlreadySetUp:
            outcomes.append("late")
        finally:
            connections.close_all()

    threads = [threading.Thread(target=race, args=[n]) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(outcomes) == ["late", "late", "late", "made"]
    assert User.objects.count() == Tenant.objects.count() == 1


@pytest.mark.parametrize("role", [Role.VIEWER, Role.OPERATOR, Role.ADMIN])
def test_only_owners_change_members(role):
    tenant = make_tenant()
    owner, other = make_user(tenant), make_user(tenant, role)
    theirs = membership(tenant, owner)

    with pytest.raises(PermissionDenied):
        invite(tenant, actor=other)
    with pytest.raises(PermissionDenied):
        services.change_role(theirs, Role.VIEWER, actor=other)
    with pytest.raises(PermissionDenied):
        services.remove_member(theirs, actor=other)
    with pytest.raises(PermissionDenied):
        password_links.issue(theirs, actor=other)


def invite(tenant, *, actor):
    return invitations.invite(
        tenant, "bob@example.com", role=Role.VIEWER, actor=actor, link_of=str
    )


def test_an_owner_of_another_tenant_changes_nothing_here():
    tenant, stranger = make_tenant(), make_user(make_tenant())
    make_user(tenant)

    with pytest.raises(PermissionDenied):
        invite(tenant, actor=stranger)


def test_the_last_owner_stays_an_owner():
    tenant = make_tenant()
    owner = make_user(tenant)
    make_user(tenant, Role.ADMIN)
    mine = membership(tenant, owner)

    with pytest.raises(ValidationError):
        services.change_role(mine, Role.ADMIN, actor=owner)
    with pytest.raises(ValidationError):
        services.remove_member(mine, actor=owner)

    assert role_of(tenant, owner) == Role.OWNER


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("act", ["demote", "remove"])
def test_two_owners_who_act_on_each_other_at_once_leave_one(act):
    tenant = make_tenant()
    owners = [make_user(tenant), make_user(tenant)]
    start = threading.Barrier(2)

    def race(mine, theirs):
        target = membership(tenant, theirs)
        start.wait()
        try:
            if act == "demote":
                services.change_role(target, Role.VIEWER, actor=mine)
            else:
                services.remove_member(target, actor=mine)
        except (PermissionDenied, ValidationError):
            pass
        finally:
            connections.close_all()

    pairs = [owners, owners[::-1]]
    threads = [threading.Thread(target=race, args=pair) for pair in pairs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    left = Membership.objects.for_tenant(tenant).filter(role=Role.OWNER)
    assert left.count() == 1


def test_a_change_of_role_is_in_the_audit_log():
    tenant = make_tenant()
    owner, bob = make_user(tenant), make_user(tenant, Role.VIEWER)

    services.change_role(membership(tenant, bob), Role.ADMIN, actor=owner)

    entry = AuditEntry.objects.for_tenant(tenant).get(action="member.role_changed")
    assert entry.actor == owner
    assert entry.details == {"before": "viewer", "after": "admin"}


def test_a_password_link_works_once():
    tenant = make_tenant()
    owner = make_user(tenant)
    make_user(tenant, Role.VIEWER, email="bob@example.com")
    member = Membership.objects.get(user__email="bob@example.com")
    token = password_links.issue(member, actor=owner)

    first = password_links.redeem(
        member.user_id, token, password="correct horse 9", where=Where()
    )
    second = password_links.redeem(
        member.user_id, token, password="another one 77", where=Where()
    )

    assert first.check_password("correct horse 9")
    assert second is None


def test_no_link_is_made_for_a_person_of_two_tenants():
    tenant = make_tenant()
    owner, bob = make_user(tenant), make_user(tenant, Role.VIEWER)
    Membership.objects.create(tenant=make_tenant(), user=bob, role=Role.OWNER)

    with pytest.raises(ValidationError):
        password_links.issue(membership(tenant, bob), actor=owner)


def test_a_link_dies_when_its_person_joins_another_tenant():
    tenant = make_tenant()
    owner, bob = make_user(tenant), make_user(tenant, Role.VIEWER)
    token = password_links.issue(membership(tenant, bob), actor=owner)

    Membership.objects.create(tenant=make_tenant(), user=bob, role=Role.OWNER)

    assert password_links.read(bob.pk, token) is None


def test_an_api_key_authenticates_until_it_is_revoked():
    tenant = make_tenant()
    owner = make_user(tenant)

    key, plaintext = services.issue_api_key(tenant, "Zapier", actor=owner)
    found = services.authenticate_api_key(plaintext)
    services.revoke_api_key(key, actor=owner)

    assert plaintext.startswith("lr_live_")
    assert (found, found.tenant) == (key, tenant)
    assert services.authenticate_api_key(plaintext) is None
    tenant.refresh_from_db()
    assert tenant.version == 3


@pytest.mark.parametrize("text", ["", "lr_live_", "lr_live_" + "0" * 40, "Ω", "\ud800"])
def test_what_is_no_key_authenticates_nobody(text):
    services.issue_api_key(make_tenant(), "Zapier", actor=None)

    assert services.authenticate_api_key(text) is None


def test_the_database_never_holds_the_key_itself():
    _, plaintext = services.issue_api_key(make_tenant(), "Zapier", actor=None)

    with connection.cursor() as cursor:
        cursor.execute("SELECT k::text FROM tenants_apikey k")
        keys = str(cursor.fetchall())
        cursor.execute("SELECT a::text FROM tenants_auditentry a")
        entries = str(cursor.fetchall())
    assert plaintext not in keys + entries
    assert plaintext.encode().hex() not in keys


def test_a_key_form_sent_twice_makes_one_key():
    tenant = make_tenant()
    key, _ = services.issue_api_key(tenant, "Zapier", actor=None)

    with pytest.raises(ValidationError):
        services.issue_api_key(tenant, "Zapier", actor=None, once=key.pk)

    assert ApiKey.objects.for_tenant(tenant).count() == 1


def test_revoking_twice_is_one_act():
    key, _ = services.issue_api_key(make_tenant(), "Zapier", actor=None)

    services.revoke_api_key(key, actor=None)
    services.revoke_api_key(key, actor=None)

    revoked = AuditEntry.objects.for_tenant(key.tenant).filter(action="api_key.revoked")
    assert revoked.count() == 1
