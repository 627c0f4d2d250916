"""Settings: who may do what in the workspace. All may look, owners change."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from leadrails.mail.services import is_set_up
from leadrails.tenants import invitations, password_links, services, throttle
from leadrails.tenants.addresses import whole
from leadrails.tenants.doors import TenantRequest, member_required, read_id
from leadrails.tenants.factors import people_with_second
from leadrails.tenants.forms import MemberForm, RoleForm
from leadrails.tenants.models import Invitation, Membership, Role, User
from leadrails.tenants.settings_pages import add_error, render_settings
from leadrails.tenants.sign_in import ask_again, fresh_required, has_two, is_fresh


def _membership(request: TenantRequest, user: str) -> Membership:
    members = Membership.objects.for_tenant(request.tenant)
    found = members.select_related("user", "tenant")
    return get_object_or_404(found, user=read_id("usr", user))


@require_http_methods(["GET", "HEAD"])
@member_required()
def members(request: TenantRequest) -> HttpResponse:
    everybody = Membership.objects.for_tenant(request.tenant).select_related("user")
    everybody = everybody.order_by("user__email")
    with_two = people_with_second(m.user_id for m in everybody)
    rows = [
        {
            "person": m.user,
            "role": Role(m.role).label,
            "has_two": m.user_id in with_two,
            "is_you": m.user == request.user,
        }
        for m in everybody
    ]
    context = {
        "rows": rows,
        "may_edit": request.role.covers(Role.OWNER),
        "without_two": len(rows) - len(with_two),
        "invitations": _open_invitations(request),
    }
    return render_settings(request, "members", "tenants/member_list.html", context)


def _open_invitations(request: TenantRequest) -> list[dict[str, object]]:
    """Only owners see them: they hold addresses of people who are no members yet."""
    if not request.role.covers(Role.OWNER):
        return []
    rows = Invitation.objects.for_tenant(request.tenant).open()
    now = timezone.now()
    return [
        {
            "invitation": row,
            "role": Role(row.role).label,
            "is_over": row.expires_at <= now,
        }
        for row in rows.select_related("mail").order_by("-id")
    ]


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@member_required(Role.OWNER)
@fresh_required
def two_factors(request: TenantRequest) -> HttpResponseBase:
    """Whether the workspace wants two factors of everybody; turns it on or off."""
    tenant = request.tenant
    if request.method == "POST":
        try:
            services.require_two_factors(
                tenant,
                is_on=not tenant.needs_two_factors,
                has_two=has_two(request),
                actor=request.user,
            )
        except ValidationError as error:
            messages.error(request, error.messages[0])
        return redirect("settings:members", tenant=tenant.slug)
    people = Membership.objects.for_tenant(tenant).values_list("user_id", flat=True)
    without = len(people) - len(people_with_second(people))
    context = {"without": without, "has_two": has_two(request)}
    return render(request, "tenants/two_factors.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@member_required(Role.OWNER)
@fresh_required
def member_add(request: TenantRequest) -> HttpResponseBase:
    form = MemberForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        email, role = form.cleaned_data["email"], Role(form.cleaned_data["role"])
        if not _may_mail(request):
            return throttle.too_many(request)
        try:
            _made, link = invitations.invite(
                request.tenant,
                email,
                role=role,
                actor=request.user,
                link_of=lambda path: whole(request, path),
            )
        except ValidationError as error:
            add_error(form, error)
        else:
            return _show_invitation(request, email, link)
    context = {"form": form, "has_mail": is_set_up()}
    return render_settings(request, "members", "tenants/member_add.html", context)


def _may_mail(request: TenantRequest) -> bool:
    """A workspace invites fifty people in a quarter of an hour, and no more."""
    tenant, now = str(request.tenant.pk), timezone.now()
    return throttle.begin_try(tenant, "", now=now, act=throttle.Act.INVITATION)


def _show_invitation(request: TenantRequest, email: str, link: str) -> HttpResponse:
    # Shown in this answer and nowhere else, so there is no redirect.
    context = {"email": email, "link": link, "has_mail": is_set_up()}
    template = "tenants/invitation_link.html"
    return render_settings(request, "members", template, context)


@require_POST
@never_cache
@member_required(Role.OWNER)
def invitation_renew(request: TenantRequest, invitation: str) -> HttpResponse:
    found = _invitation(request, invitation)
    if not is_fresh(request):
        return ask_again(request)
    if not _may_mail(request):
        return throttle.too_many(request)
    try:
        link = invitations.renew(
            found, actor=request.user, link_of=lambda path: whole(request, path)
        )
    except ValidationError as error:
        messages.error(request, error.messages[0])
        return redirect("settings:members", tenant=request.tenant.slug)
    return _show_invitation(request, found.email, link)


@require_http_methods(["GET", "HEAD", "POST"])
@member_required(Role.OWNER)
def invitation_revoke(request: TenantRequest, invitation: str) -> HttpResponse:
    found = _invitation(request, invitation)
    if request.method == "POST":
        invitations.revoke(found, actor=request.user)
        messages.success(request, _("The invitation is revoked."))
        return redirect("settings:members", tenant=request.tenant.slug)
    return render(request, "tenants/invitation_revoke.html", {"invitation": found})


def _invitation(request: TenantRequest, invitation: str) -> Invitation:
    rows = Invitation.objects.for_tenant(request.tenant).select_related("tenant")
    return get_object_or_404(rows, pk=read_id("inv", invitation))


@require_http_methods(["GET", "HEAD", "POST"])
@member_required(Role.OWNER)
def member(request: TenantRequest, user: str) -> HttpResponse:
    membership = _membership(request, user)
    form = RoleForm(request.POST or None, initial={"role": membership.role})
    if request.method == "POST" and form.is_valid():
        role = Role(form.cleaned_data["role"])
        try:
            services.change_role(membership, role, actor=request.user)
        except ValidationError as error:
            add_error(form, error, field="role")
        else:
            messages.success(
                request,
                _("%(person)s is now %(role)s.")
                % {"person": membership.user, "role": role.label},
            )
            return redirect("settings:members", tenant=request.tenant.slug)
    context = {
        "form": form,
        "membership": membership,
        "person": membership.user,
        "has_password": membership.user.has_usable_password(),
        "may_issue_link": password_links.may_issue(membership),
        "is_you": membership.user == request.user,
    }
    return render_settings(request, "members", "tenants/member_edit.html", context)


@require_POST
@never_cache
@member_required(Role.OWNER)
def member_link(request: TenantRequest, user: str) -> HttpResponse:
    membership = _membership(request, user)
    if not is_fresh(request):
        return ask_again(request)
    try:
        return _show_link(request, membership)
    except ValidationError as error:
        messages.error(request, error.messages[0])
        return redirect("settings:member", tenant=request.tenant.slug, user=user)


def _show_link(request: TenantRequest, membership: Membership) -> HttpResponse:
    token = password_links.issue(membership, actor=request.user)
    person: User = membership.user
    link = whole(request, password_links.path_of(person, token))
    context = {"person": person, "link": link}
    return render_settings(request, "members", "tenants/member_link.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@member_required(Role.OWNER)
def member_remove(request: TenantRequest, user: str) -> HttpResponse:
    membership = _membership(request, user)
    is_you = membership.user == request.user
    if request.method == "POST":
        try:
            services.remove_member(membership, actor=request.user)
        except ValidationError as error:
            messages.error(request, error.messages[0])
            return redirect("settings:member", tenant=request.tenant.slug, user=user)
        if is_you:
            return redirect("home")
        messages.success(
            request,
            _("%(person)s is no longer a member.") % {"person": membership.user},
        )
        return redirect("settings:members", tenant=request.tenant.slug)
    context = {"person": membership.user, "is_you": is_you}
    return render(request, "tenants/member_remove.html", context)
