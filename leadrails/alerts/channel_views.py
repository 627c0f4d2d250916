"""Settings: alert channels of the workspace, and each member's own."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from leadrails.alerts import channel_pages as pages
from leadrails.alerts import channels, personal
from leadrails.alerts.channel_forms import ChannelForm, OwnForm
from leadrails.alerts.models import Channel, Delivery
from leadrails.alerts.trial import send_test
from leadrails.core.crypto import CannotDecrypt
from leadrails.core.ids import encode
from leadrails.mail.services import is_set_up
from leadrails.tenants.doors import TenantRequest, member_required
from leadrails.tenants.models import Membership, Role
from leadrails.tenants.settings_pages import add_error, render_settings
from leadrails.ui.paging import keyset_page

TAB = "channels"
LOGGED = 25  # deliveries on a page


@require_http_methods(["GET", "HEAD"])
@member_required()
def channel_list(request: TenantRequest) -> HttpResponse:
    rows = Channel.objects.for_tenant(request.tenant).listed().of_workspace()
    context = {
        "rows": [
            (row, pages.hears(row), pages.ICONS[Channel.Kind(row.kind)])
            for row in rows.order_by("name", "id")
        ],
        "people": pages.people(request.tenant),
        "may_edit": request.role.covers(Role.ADMIN),
        "has_mail": is_set_up(),
    }
    return render_settings(request, TAB, "alerts/channel_list.html", context)


@require_http_methods(["GET", "HEAD"])
@member_required(Role.ADMIN)
def channel_new(request: TenantRequest) -> HttpResponse:
    context = {
        "kinds": [
            (kind, pages.ABOUT[kind], pages.ICONS[kind]) for kind in Channel.Kind
        ],
        "has_mail": is_set_up(),
        "has_senders": bool(pages.senders(request.tenant)),
    }
    return render_settings(request, TAB, "alerts/channel_new.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@member_required(Role.ADMIN)
def channel_create(request: TenantRequest, kind: str) -> HttpResponse:
    if kind not in Channel.Kind.values:
        raise Http404
    form = _form(request, kind, initial={"time_zone": request.tenant.time_zone})
    if request.method == "POST" and form.is_valid():
        try:
            channel, key = channels.create_channel(
                request.tenant, kind=kind, actor=request.user, **form.values()
            )
        except ValidationError as error:
            if getattr(error, "code", "") == "made":
                return redirect("channels:list", tenant=request.tenant.slug)
            add_error(form, error)
        else:
            return _made(request, channel, key)
    return _form_page(request, form, kind)


@require_http_methods(["GET", "HEAD", "POST"])
@member_required(Role.ADMIN)
def channel_edit(request: TenantRequest, channel: str) -> HttpResponse:
    row = pages.access_channel(request, channel)
    initial = {name: getattr(row, name) for name in channels.FIELDS}
    if row.destination_id:
        initial["destination"] = encode("dst", row.destination_id)
    form = _form(request, row.kind, channel=row, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            channels.update_channel(row, actor=request.user, **form.values())
        except ValidationError as error:
            add_error(form, error)
        except CannotDecrypt:
            problem = _(
                "The stored key cannot be read. Remove the channel; make a new."
            )
            form.add_error(None, problem)
        else:
            messages.success(request, _("The channel is saved."))
            return _back(request, row)
    return _form_page(request, form, row.kind, row)


@require_http_methods(["GET", "HEAD"])
@member_required()
def channel_detail(request: TenantRequest, channel: str) -> HttpResponse:
    row = pages.access_channel(request, channel)
    return _detail(request, row)


@require_POST
@member_required(Role.OPERATOR)
def channel_test(request: TenantRequest, channel: str) -> HttpResponse:
    row = pages.access_channel(request, channel)
    tested = send_test(row, actor=request.user, now=timezone.now())
    if "HX-Request" in request.headers:
        return render(request, "alerts/_tested.html", {"tested": tested})
    row.refresh_from_db()
    return _detail(request, row, tested=tested)


@require_http_methods(["GET", "HEAD", "POST"])
@member_required(Role.ADMIN)
def channel_pause(request: TenantRequest, channel: str) -> HttpResponse:
    row = pages.access_channel(request, channel)
    if request.method == "POST":
        if row.is_active:
            channels.pause(row, actor=request.user)
            messages.success(request, _("Paused: it is told nothing from now on."))
        else:
            channels.resume(row, actor=request.user)
            messages.success(
                request, _("Resumed: it is told what happens from now on.")
            )
        return _back(request, row)
    return render(request, "alerts/channel_pause.html", {"channel": row})


@require_http_methods(["GET", "HEAD", "POST"])
@member_required(Role.ADMIN)
def channel_remove(request: TenantRequest, channel: str) -> HttpResponse:
    row = pages.access_channel(request, channel)
    if request.method == "POST":
        channels.remove(row, actor=request.user)
        messages.success(request, _("%(name)s is removed.") % {"name": row})
        return redirect("channels:list", tenant=request.tenant.slug)
    return render(request, "alerts/channel_remove.html", {"channel": row})


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@member_required(Role.ADMIN)
def channel_key(request: TenantRequest, channel: str) -> HttpResponse:
    """A new signing key, shown in this answer and nowhere else."""
    row = pages.access_channel(request, channel)
    if row.kind != Channel.Kind.WEBHOOK:
        raise Http404
    if request.method == "POST":
        try:
            key = channels.change_key(row, actor=request.user)
        except CannotDecrypt:
            messages.error(request, _("The stored address cannot be read."))
            return _back(request, row)
        context = {"channel": row, "key": key}
        return render_settings(request, TAB, "alerts/channel_key_shown.html", context)
    return render(request, "alerts/channel_key.html", {"channel": row})


@require_http_methods(["GET", "HEAD", "POST"])
@member_required()
def mine(request: TenantRequest) -> HttpResponse:
    """What the member wants to hear of, by mail and SMS."""
    own = personal.own_channels(request.tenant, request.user)
    form = OwnForm(
        request.POST or None,
        initial=_own_initial(request, own),
        senders=pages.senders(request.tenant)
        if request.role.covers(Role.OPERATOR)  # who may spend the workspace's money
        else [],
        phone=request.user.masked_phone if request.user.confirmed_phone else "",
    )
    if request.method == "POST" and form.is_valid():
        personal.save_own(request.tenant, request.user, form.choices())
        messages.success(request, _("Saved: that is what you are told from now on."))
        return redirect("channels:mine", tenant=request.tenant.slug)
    deliveries = Delivery.objects.for_tenant(request.tenant).filter(
        channel__user=request.user
    )
    context = {
        "form": form,
        "log": pages.log_of(list(deliveries.order_by("-id")[:LOGGED])),
        "failing": [row for row in own.values() if row.failing_since and row.is_active],
        "has_mail": is_set_up(),
    }
    return render_settings(request, TAB, "alerts/channel_mine.html", context)


def _own_initial(request: TenantRequest, own: dict[str, Channel]) -> dict[str, Any]:
    member = Membership.objects.select_related("user", "tenant").get(
        tenant=request.tenant, user=request.user
    )
    mail = own.get(Channel.Kind.EMAIL) or personal.default_for(member)
    sms = own.get(Channel.Kind.SMS)
    sender = sms.destination_id if sms else None
    return {
        "mail": mail.least if mail.is_active else "",
        "sms": sms.least if sms and sms.is_active else "",
        "destination": encode("dst", sender) if sender else "",
        **{
            name: getattr(mail, name)
            for name in ("quiet_from", "quiet_to", "wakes", "time_zone")
        },
    }


def _form(
    request: TenantRequest,
    kind: str,
    *,
    channel: Channel | None = None,
    initial: dict[str, Any],
) -> ChannelForm:
    return ChannelForm(
        request.POST or None,
        kind=kind,
        senders=pages.senders(request.tenant),
        country=request.tenant.country,
        channel=channel,
        initial=initial,
    )


def _form_page(
    request: TenantRequest, form: ChannelForm, kind: str, channel: Channel | None = None
) -> HttpResponse:
    context = {"form": form, "kind": Channel.Kind(kind), "channel": channel}
    return render_settings(request, TAB, "alerts/channel_form.html", context)


def _made(request: TenantRequest, channel: Channel, key: str) -> HttpResponse:
    if key:
        context = {"channel": channel, "key": key}
        return render_settings(request, TAB, "alerts/channel_key_shown.html", context)
    messages.success(request, _("Made. Send a test message to see that it arrives."))
    return _back(request, channel)


def _detail(
    request: TenantRequest, row: Channel, *, tested: Delivery | None = None
) -> HttpResponse:
    page = keyset_page(
        Delivery.objects.for_tenant(request.tenant).filter(channel=row),
        after=request.GET.get("after"),
        before=request.GET.get("before"),
        size=LOGGED,
    )
    sender = dict(pages.senders(request.tenant)).get(
        encode("dst", row.destination_id) if row.destination_id else ""
    )
    context = {
        "channel": row,
        "hears": pages.hears(row),
        "kinds": pages.kinds_of(row),
        "sender": sender,
        "page": page,
        "log": pages.log_of(page.rows),
        "tested": tested,
        "may_edit": request.role.covers(Role.ADMIN),
        "may_test": request.role.covers(Role.OPERATOR),
        "has_mail": is_set_up(),
    }
    return render_settings(request, TAB, "alerts/channel_detail.html", context)


def _back(request: TenantRequest, row: Channel) -> HttpResponse:
    slug = request.tenant.slug
    return redirect("channels:detail", tenant=slug, channel=row.public_id)
