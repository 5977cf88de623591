"""What proves to a receiver that a request is ours and new: HMAC-SHA256 over its time and its body. Pure.

The header is written as Stripe writes ``Stripe-Signature``, so that people and libraries know how to read it:
``t=1795680000,v1=5257a8…,v1=6ffbb5…``. What is signed is ``t``, a full stop and the body as it is sent, byte by byte;
each ``v1`` is the digest under one secret, in hexadecimal. A receiver takes a request if one of them is right and ``t``
is at most five minutes away (Stripe, *Check the webhook signatures*; GitHub's ``X-Hub-Signature-256`` covers no time,
so that what was once overheard stays good for ever).
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable


def signature_header(secrets: Iterable[str], timestamp: int, body: bytes) -> str:
    """One ``v1`` for each secret, in their order."""
    signed = b"%d.%b" % (timestamp, body)
    digests = (hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest() for secret in secrets)
    return ",".join([f"t={timestamp}", *(f"v1={digest}" for digest in digests)])
