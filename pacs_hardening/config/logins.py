"""A user of a target file logs in by one means, and says all that it takes."""

from __future__ import annotations

from collections.abc import Mapping

from ..model import User
from ..model.peers import NO_SECRET
from .table import Table

_WAYS = "a username and a password, a token, a token_url, a login, or a certificate"


def check(users: Mapping[str, User], table: Table) -> None:
    """Raises BadInput for a user who has no means, or two, or half of one."""
    for name, user in users.items():
        if len(user.means) != 1:
            raise table.bad("users", f"accepted: one of {_WAYS}", name)
        lacking = {
            "username": user.means[0] in ("password", "login") and not user.username,
            "password": user.means[0] == "login" and user.password == NO_SECRET,
            "client_id": bool(user.token_url) and not user.client_id,
            "token": bool(user.header) and user.token == NO_SECRET,
        }
        if found := next((word for word, lacks in lacking.items() if lacks), None):
            raise table.bad("users", f"{found} is missing, which {user.means[0]} needs", name)
