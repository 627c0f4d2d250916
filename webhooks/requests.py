"""What every provider's request goes through before it is believed."""

from ipaddress import IPv6Address, ip_address, ip_network

from django.conf import settings
from django.http import HttpRequest, HttpResponse, UnreadablePostError

from destinations.credentials import provider_for
from destinations.models import Destination
from destinations.providers.base import SignatureCheck
from destinations.providers.registry import PROVIDERS
from leadrails.core.crypto import CannotDecrypt
from leadrails.tenants.addresses import address_of

MAX_BODY = 64 * 1024  # bytes; a provider's callback has about one thousand


class Refused(Exception):
    """The request is answered with `response`, and not kept."""

    def __init__(self, response: HttpResponse) -> None:
        super().__init__(response.status_code)
        self.response = response


class WronglySigned(Refused):
    """The provider's signature does not hold."""


def is_signed(place: Destination, request: HttpRequest) -> bool:
    """
    Return whether the provider's signature was checked.

    Raises:
        WronglySigned: it was, and is wrong.
        Refused: the request comes from elsewhere.
    """
    _check_network(place, request)
    check = _check_signature(place, request)
    if check is SignatureCheck.INVALID:
        raise WronglySigned(HttpResponse(status=403))
    return check is SignatureCheck.VALID


def _check_network(place: Destination, request: HttpRequest) -> None:
    """Where the operator wants it: take callbacks only from where providers post."""
    if place.is_simulated or not settings.LEADRAILS_CHECK_CALLBACK_NETWORKS:
        return
    networks = PROVIDERS[place.kind].callback_networks
    if networks and not _is_within(address_of(request), networks):
        raise Refused(HttpResponse(status=403))


def _is_within(address: str, networks: tuple[str, ...]) -> bool:
    try:
        found = ip_address(address)
    except ValueError:
        return False
    if isinstance(found, IPv6Address) and found.ipv4_mapped:
        found = found.ipv4_mapped
    return any(found in ip_network(network) for network in networks)


def read_body(request: HttpRequest) -> bytes:
    """
    Return the body, or what a GET has in its place.

    Raises:
        Refused: it is too long, or it broke off.
    """
    if request.method == "GET":
        # The path took its part of the 64 KB that a server reads of a line.
        return str(request.META.get("QUERY_STRING", "")).encode("utf-8", "replace")
    # Django reads no further than the length that was announced.
    length = request.META.get("CONTENT_LENGTH") or "0"
    if not length.isdecimal() or int(length) > MAX_BODY:
        raise Refused(HttpResponse(status=413))
    try:
        return request.body
    except UnreadablePostError:
        raise Refused(HttpResponse(status=400)) from None


def public_url(request: HttpRequest) -> str:
    """The address as the provider was given it, whatever proxies made of it."""
    return f"{settings.LEADRAILS_PUBLIC_URL}{request.get_full_path()}"


def _check_signature(place: Destination, request: HttpRequest) -> SignatureCheck:
    """What the provider's own signature says, beyond our secret in the URL."""
    try:
        provider = provider_for(place)
    except CannotDecrypt:
        # Kept: it can be understood once the encryption key is back.
        return SignatureCheck.UNCHECKED
    body = b"" if request.method == "GET" else request.body
    return provider.verify_callback(public_url(request), body, request.headers)
