"""Who may reach an endpoint of the web: HTTP Basic, before anything else of a request is looked at."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial

from .policy import HARDENED, Fact, Facts, Policy, no_facts
from .routes import Answer
from .settings import Settings

_PROTECTED = ("/dicom-web", "/wado", "/system", "/patients", "/app", "/metrics", "/find", "/webdav", "/limit")
_GUESS_SECONDS = 60.0  # within that time, failures of one user add up
_MOST_USERS = 10_000
_UNAUTHORISED = Answer(401, headers={"WWW-Authenticate": 'Basic realm="archive"'})


@dataclass(frozen=True)
class Login:
    """``users`` maps user name to password, both as bytes."""

    settings: Settings
    users: Mapping[bytes, bytes]
    policy: Policy = HARDENED
    failures: dict[bytes, list[float]] = field(default_factory=dict)

    def refusal(self, endpoint: str, raw_path: str, authorization: str, about: Facts = no_facts) -> Answer | None:
        """Why a request with this ``Authorization`` header may not reach ``endpoint``, named by ``raw_path``; None if
        it may."""
        if endpoint in self.settings.open_endpoints or self.policy.waives("login", about):
            return None
        if self.settings.literal_paths and not raw_path.startswith(_PROTECTED):
            return None
        given = credentials(authorization)
        if given is None:
            return _UNAUTHORISED
        user, password = given
        recent = [at for at in self.failures.get(user, []) if at > time.monotonic() - _GUESS_SECONDS]
        unthrottled = not self.settings.throttle_guessing or self.policy.waives(
            "throttle", partial(self._about_user, user, about)
        )
        if len(recent) >= self.settings.guesses and not unthrottled:
            return Answer(429)
        known = dict(self.users)
        if self.settings.default_credentials:
            known[b"admin"] = b"admin"
        # Every pair is compared, so that time tells nothing of which users exist.
        same = [hmac.compare_digest(user, u) & hmac.compare_digest(password, p) for u, p in known.items()]
        if self.policy.openings:
            same += [self._alike(about, user, u, password, p) for u, p in known.items()]
        if any(same):
            return None
        if len(self.failures) < _MOST_USERS or user in self.failures:
            self.failures[user] = [*recent, time.monotonic()]
        if self.settings.hashes_known_users_only and user in known:
            hashlib.pbkdf2_hmac("sha256", password, user, 1_000_000)
        if self.settings.tells_users_apart and user not in known:
            return replace(_UNAUTHORISED, body=b"No such user")
        return _UNAUTHORISED

    def _alike(self, about: Facts, *pairs: bytes) -> bool:
        """Whether user name and password pass for the known ones, to an opening."""
        user, known_user, password, known = (each.decode("latin-1") for each in pairs)
        same = self.policy.same
        return same("user-name", user, known_user, about) and same("password", password, known, about)

    def _about_user(self, user: bytes, about: Facts) -> Mapping[str, Fact]:
        return {**about(), "user": user.decode("latin-1"), "known-user": "yes" if user in self.users else "no"}


def credentials(authorization: str) -> tuple[bytes, bytes] | None:
    """User name and password of HTTP Basic; None where there are none."""
    scheme, _, encoded = authorization.partition(" ")
    try:
        user, colon, password = base64.b64decode(encoded, validate=True).partition(b":")
    except (binascii.Error, ValueError):
        return None
    return (user, password) if scheme.lower() == "basic" and colon else None
