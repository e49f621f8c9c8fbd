"""What authorised users are served at the web endpoints."""

from __future__ import annotations

from ...model import Endpoint, Unmeasurable, Unserved
from ...model.response import Observed
from ...wire import tls
from ...wire.http import Answer, request
from ...wire.pages import is_login
from ...wire.pdu import ProtocolError
from ...wire.session import Refused, Silent
from ..dicom.association import first_endpoint
from ..web.request import guarded
from .who import Who


class Pages(Who):
    def web(
        self,
        path: str,
        *,
        method: str = "GET",
        headers: dict[str, str] | None = None,
        body: bytes = b"",
        endpoint: Endpoint | None = None,
        absent: bool = False,
    ) -> Answer:
        """An answer of 2xx on ``path`` to a user who logs in; by default at the first web endpoint. With ``absent``,
        404 will do: it shows that the archive looked for an object that does not exist."""
        endpoint, user = endpoint or first_endpoint(self.target, "web"), self.user()
        context = tls.client(user.keys, self.target) if endpoint.tls else None
        name = self.target.server_name
        asked, who = f"{method} {path}", "with a login"
        try:
            answer = request(endpoint, method, path, context, user=user, headers=headers, body=body, name=name)
        except (Refused, Silent, ProtocolError) as error:
            raise Unmeasurable("positive control failed: ", Observed(who, endpoint, asked, error.response)) from error
        served = answer.response.is_success and not is_login(answer)
        if not served and not (absent and answer.status == 404):
            raise Unserved("positive control failed: ", Observed(who, endpoint, asked, answer.response))
        self.proofs += 1
        return answer

    def page(self, endpoint: Endpoint | None = None) -> Answer:
        """The web endpoint serves a user what it is to refuse to strangers."""
        return self.web(guarded(self.target), endpoint=endpoint)
