"""A user's token or session, had as his program or his browser would have it."""

from __future__ import annotations

import json
import re
import ssl
from collections.abc import Mapping
from dataclasses import replace
from html.parser import HTMLParser
from http.client import HTTPException
from http.cookiejar import CookieJar
from math import inf
from time import monotonic
from urllib.error import HTTPError
from urllib.parse import urlencode, urljoin, urlsplit
from urllib.request import HTTPCookieProcessor, HTTPSHandler, OpenerDirector, ProxyHandler, Request, build_opener

from ...model import Secret, Target, Unmeasurable, User
from ...wire import tls
from ...wire.http import request
from ...wire.implementations import presented
from ...wire.pdu import ProtocolError
from ...wire.session import Refused, Silent
from .request import guarded

UNAUTHORISED = 401
SECONDS = 10.0  # for each answer
MOST = 1 << 20  # bytes of a page with a form
LASTS_S = 120.0  # that a session or a token of no stated end is believed to live
EARLY = 0.5  # of a token's life after which another is had: a control takes a while


class SignIn:
    """Users with what they got by logging in, which is had again when it grows old."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._had: dict[User, tuple[User, float]] = {}

    def of(self, user: User) -> User:
        """Raises Unmeasurable where no token or session is given."""
        if not (user.token_url or user.login):
            return self._encoded(user)
        had, until = self._had.get(user, (user, 0.0))
        if until <= monotonic():
            had, lasts = self._granted(user) if user.token_url else self._session(user)
            self._had[user] = had, monotonic() + lasts
        return had

    def _encoded(self, user: User) -> User:
        """In which encoding his name and password are read (RFC 7617 2.1), where that makes a difference: in Latin-1
        where he is turned away in UTF-8 and not in that. Asked once; raises as `guarded`."""
        if user.means != ("password",) or (user.username + user.password.reveal()).isascii():
            return user
        if user not in self._had:
            latin = replace(user, encoding="latin-1")
            known = next((each for each in (user, latin) if self._status(each) != UNAUTHORISED), user)
            self._had[user] = known, inf
        return self._had[user][0]

    def _status(self, user: User) -> int:
        """Of what everybody is asked who he is for; 401 too where that cannot be said in his encoding."""
        endpoint = self._target.endpoints_of("web")[0]
        context = tls.client(None, self._target) if endpoint.tls else None
        try:
            name = self._target.server_name
            return request(endpoint, "GET", guarded(self._target), context, user=user, name=name).status
        except UnicodeEncodeError:
            return UNAUTHORISED
        except (Refused, Silent, ProtocolError) as error:
            raise Unmeasurable("positive control failed: ", error.response) from error

    def _granted(self, user: User) -> tuple[User, float]:
        """RFC 6749 4.3.2 with a user name, 4.4.2 without."""
        form = {"client_id": user.client_id, "client_secret": user.client_secret.reveal()}
        form |= {"username": user.username, "password": user.password.reveal()} if user.username else {}
        form["grant_type"] = "password" if user.username else "client_credentials"
        opener = build_opener(*self._handlers())
        _, body = _open(opener, user.token_url, {name: value for name, value in form.items() if value})
        try:
            told = json.loads(body)
            token, lasts = str(told["access_token"]), float(told.get("expires_in", LASTS_S))
        except (ValueError, KeyError, TypeError) as error:
            raise Unmeasurable(
                "positive control failed: the token endpoint answered without an access_token"
            ) from error
        return replace(user, token=Secret(token)), min(LASTS_S, lasts * EARLY)

    def _session(self, user: User) -> tuple[User, float]:
        """The form is sent to the host that its page came from, and nowhere else."""
        jar, endpoint = CookieJar(), self._target.endpoints_of("web")[0]
        opener = build_opener(HTTPCookieProcessor(jar), *self._handlers())
        page, body = _open(opener, f"{str(endpoint).rstrip('/')}{user.login}")
        form = _Forms.first_with_password(body.decode(errors="replace"))
        action = urljoin(page, form.action)
        if urlsplit(action)[:2] != urlsplit(page)[:2]:
            raise Unmeasurable("positive control failed: the form to log in is sent to another host")
        filled = {**form.hidden, form.user: user.username, form.password: user.password.reveal()}
        _open(opener, action, filled)
        cookies = [cookie for cookie in jar if endpoint.host.endswith(cookie.domain.lstrip(".").removesuffix(".local"))]
        if not cookies:
            raise Unmeasurable("positive control failed: no session was begun by the form to log in")
        pairs = "; ".join(f"{each.name}={each.value}" for each in cookies)
        return replace(user, cookie=Secret(pairs)), LASTS_S

    def _handlers(self) -> tuple[ProxyHandler, HTTPSHandler]:
        context: ssl.SSLContext = tls.client(None, self._target)
        return ProxyHandler({}), HTTPSHandler(context=context)


def _open(opener: OpenerDirector, url: str, form: Mapping[str, str] | None = None) -> tuple[str, bytes]:
    """Where the answer came from in the end, and what it holds. An answer that refuses is one, too: what it gave is for
    the caller to judge. Raises Unmeasurable where there is none."""
    data = None if form is None else urlencode(form).encode()
    asked = Request(url, data, {"User-Agent": presented().agent})  # noqa: S310 - http and https only: see the target's keys
    try:
        with opener.open(asked, timeout=SECONDS) as answer:
            return answer.url, answer.read(MOST)
    except HTTPError as error:
        with error:
            return url, error.read(MOST)
    except (OSError, HTTPException, ValueError) as error:
        raise Unmeasurable(f"positive control failed: nobody could log in: {type(error).__name__}") from error


class _Forms(HTMLParser):
    """The forms of a page: where each is sent, and its fields."""

    def __init__(self) -> None:
        super().__init__()
        self.action, self.user, self.password = "", "", ""
        self.hidden: dict[str, str] = {}

    @classmethod
    def first_with_password(cls, page: str) -> _Forms:
        """Raises Unmeasurable where there is none."""
        for text in re.findall(r"(?is)<form\b.*?(?:</form>|\Z)", page):
            found = cls()
            found.feed(text)
            if found.password:
                found.user = found.user or "username"
                return found
        raise Unmeasurable("positive control failed: the page to log in has no form with a password")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        name, kind = said.get("name", ""), said.get("type", "text").lower()
        if tag == "form":
            self.action = said.get("action", "")
        elif tag == "input" and name:
            if kind == "password":
                self.password = self.password or name
            elif kind in ("text", "email"):
                self.user = self.user or name
            elif kind == "hidden":
                self.hidden[name] = said.get("value", "")
