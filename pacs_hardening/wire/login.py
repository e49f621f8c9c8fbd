"""What a request bears so that the archive knows whose it is."""

from __future__ import annotations

import base64

from ..model import User
from ..model.peers import NO_SECRET


def fields(user: User) -> dict[str, str]:
    """The header fields by which ``user`` is known (RFC 7617 2, RFC 6750 2.1); none for one with a certificate only."""
    if user.cookie != NO_SECRET:
        return {"Cookie": user.cookie.reveal()}
    if user.token != NO_SECRET:
        token = user.token.reveal()
        return {user.header: token} if user.header else {"Authorization": f"Bearer {token}"}
    if user.keys is not None:
        return {}
    pair = f"{user.username}:{user.password.reveal()}".encode(user.encoding)
    return {"Authorization": "Basic " + base64.b64encode(pair).decode()}
