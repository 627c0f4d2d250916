"""Health, home, logging in, and setting up."""

from typing import Any

from django.contrib.auth import views as auth_views
from django.core.exceptions import ValidationError
from django.db import DatabaseError, connection
from django.forms import BaseForm
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from leadrails.mail.services import is_set_up
from leadrails.tenants import password_links, services, sign_in, throttle
from leadrails.tenants.account_pages import last_membership, where_of
from leadrails.tenants.addresses import address_of, whole
from leadrails.tenants.doors import LAST_TENANT, read_id
from leadrails.tenants.forms import LoginForm, ResetForm, SetUpForm, WelcomeForm
from leadrails.tenants.models import User
from leadrails.tenants.throttle import Act

form_page = require_http_methods(["GET", "HEAD", "POST"])


@require_safe
@never_cache
def healthz(_request: HttpRequest) -> HttpResponse:
    """Whether this process reaches the database; for load balancers and monitors."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return JsonResponse({"ok": False, "database": "unreachable"}, status=503)
    return JsonResponse({"ok": True, "database": "ok"})


@require_safe
@never_cache
def home(request: HttpRequest) -> HttpResponse:
    """Lead to the set-up, the login, or the workspace used last."""
    if not request.user.is_authenticated:
        return redirect("tenants:login" if User.objects.exists() else "tenants:setup")
    membership = last_membership(request, request.user)
    if membership is None:
        return render(request, "tenants/no_workspace.html")
    return redirect("overview", tenant=membership.tenant.slug)


# Log in and out --------------------------------------------------------------


class Login(auth_views.LoginView):
    template_name = "tenants/login.html"
    authentication_form = LoginForm
    redirect_authenticated_user = True

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        email = request.POST.get("username", "")
        if not throttle.begin_try(email, address_of(request), now=timezone.now()):
            return throttle.too_many(request)
        return super().post(request, *args, **kwargs)

    def form_valid(self, form: BaseForm) -> HttpResponse:
        email = form.cleaned_data["username"]
        throttle.forget_tries(email, address_of(self.request))
        assert isinstance(form, LoginForm)
        target = self.get_redirect_url()
        return sign_in.begin(self.request, form.get_user(), target=target)


class Logout(auth_views.LogoutView):
    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        last = request.session.get(LAST_TENANT)
        answer = super().post(request, *args, **kwargs)
        if last:  # whoever logs in next here is likely to go on where this one left
            request.session[LAST_TENANT] = last
        return answer


# Set-up and password links ---------------------------------------------------


@form_page
@never_cache
def setup(request: HttpRequest) -> HttpResponse:
    """The first tenant and owner; only as long as the database knows nobody."""
    if User.objects.exists():
        raise Http404
    form = SetUpForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            membership = services.set_up(**form.cleaned_data)
        except services.AlreadySetUp:
            raise Http404 from None
        except ValidationError as error:
            form.add_error(None, error)
        else:
            target = reverse("overview", kwargs={"tenant": membership.tenant.slug})
            return sign_in.begin(request, membership.user, target=target)
    status = 422 if form.errors else 200
    return render(request, "tenants/setup.html", {"form": form}, status=status)


@form_page
@never_cache
def welcome(request: HttpRequest, user: str, token: str) -> HttpResponse:
    """Where a password link leads to."""
    user_id = read_id("usr", user)
    person = password_links.read(user_id, token)
    if person is None:
        return render(request, "tenants/link_expired.html", status=410)
    form = WelcomeForm(request.POST or None, user=person)
    if request.method == "POST" and form.is_valid():
        where = where_of(request)
        changed = password_links.redeem(
            user_id, token, where=where, **form.cleaned_data
        )
        if changed is None:
            return render(request, "tenants/link_expired.html", status=410)
        return sign_in.begin(request, changed)
    context = {"form": form, "person": person}
    status = 422 if form.errors else 200
    return render(request, "tenants/welcome.html", context, status=status)


@form_page
@never_cache
def reset(request: HttpRequest) -> HttpResponse:
    """Mail a password link; the answer is the same whether there is an account."""
    form = ResetForm(request.POST or None)
    context = {"form": form, "has_mail": is_set_up()}
    if request.method == "POST" and context["has_mail"] and form.is_valid():
        email, address = form.cleaned_data["email"], address_of(request)
        if not throttle.begin_try(email, address, now=timezone.now(), act=Act.RESET):
            return throttle.too_many(request)
        password_links.mail_reset(email, link_of=lambda path: whole(request, path))
        context["sent_to"] = email
    status = 422 if form.errors else 200
    return render(request, "tenants/reset.html", context, status=status)
