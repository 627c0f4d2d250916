"""People who log in: fresh proofs, and the codes that an authenticator app shows."""

import base64
import hmac
import struct
import time

from leadrails.tenants import factors, sign_in

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def log_in(client, user, *, two_factors=False):
    """As somebody who has just given the password, and perhaps a code."""
    client.force_login(user)
    session = client.session
    session[sign_in.PROVEN_AT] = time.time()
    session[sign_in.TWO_FACTORS] = two_factors
    session.save()


def code_of(secret, *, steps=0):
    """RFC 6238: the six digits of this half minute, or of `steps` later."""
    key = base64.b32decode(secret.replace(" ", ""))
    counter = struct.pack(">Q", int(time.time()) // 30 + steps)
    digest = hmac.digest(key, counter, "sha1")
    start = digest[-1] & 15
    number = struct.unpack(">I", digest[start : start + 4])[0] & 0x7FFFFFFF
    return f"{number % 10**6:06d}"


def add_app(user):
    """Set up by a code of the past half minute, so that the present one is unused."""
    return factors.add_app(user, SECRET, code_of(SECRET, steps=-1))
