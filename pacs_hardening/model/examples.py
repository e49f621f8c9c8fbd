"""What a commented target file shows below its tables, and what stays unmeasured without each."""

from __future__ import annotations

from .declared import Entry

_INSTANCE = "/dicom-web/studies/{study}/series/{series}/instances/{instance}"
NODES = (
    Entry(
        "all",
        {"aet": '"GATE"', "permits": '["echo", "find"]', "certificate": '"gate.pem"', "key": '"gate.key"',
         "identity": '{ username = "gate", passcode_env = "GATE_PASSCODE" }'},
        "A refusal proves something only beside a success: a node that may use the archive.",
        "everything: no refusal can be told from a dead port",
        essential=True,
    ),
    Entry(
        "query",
        {"aet": '"VIEWER"', "permits": '["echo", "find", "get", "move"]'},
        "A node that may query and not store: least privilege.",
        "whether a node that may only query is kept from storing",
    ),
    Entry(
        "store",
        {"aet": '"CT1"', "permits": '["echo", "store"]'},
        "A node that may store and nothing else.",
        "whether a node that may only store is kept from reading",
    ),
    Entry(
        "unknown",
        {"aet": '"STRANGER"', "permits": "[]", "certificate": '"stranger.pem"', "key": '"stranger.key"'},
        "A certificate of the same CA, and an AE title that the archive does not know.",
        "whether a device of your own CA that the archive does not know is refused",
    ),
)  # fmt: skip
ROUTES = (
    Entry("rest", '"/system"', "The product's own interface.", "whether the REST interface refuses strangers"),
    Entry("ui", '"/app/explorer.html"', "The user interface.", "whether the user interface refuses strangers"),
    Entry("metrics", '""', "The metrics page.", "whether the metrics page refuses strangers"),
    Entry("qido", '"/dicom-web/studies"', "QIDO-RS (PS3.18 10.6).", "whether QIDO-RS refuses strangers"),
    Entry("stow", '"/dicom-web/studies"', "STOW-RS (PS3.18 10.5).", "whether STOW-RS refuses strangers"),
    Entry("wado-rs", f'"{_INSTANCE}"', "WADO-RS (PS3.18 10.4).", "whether WADO-RS refuses strangers"),
    Entry("wado-uri", '""', "WADO-URI (PS3.18 9).", "whether WADO-URI refuses strangers"),
    Entry("webdav", '""', "WebDAV.", "whether WebDAV refuses strangers"),
    Entry("delete", '""', "DELETE of a study.", "whether a deletion is recorded"),
)
USERS = (
    Entry("gate", {"username": '"gate"', "password_env": '"GATE_PASSWORD"'}),
    Entry(
        "viewer",
        {"username": '"viewer"', "password_env": '"VIEWER_PASSWORD"', "login": '"/login"'},
        "By a form, which begins a session.",
    ),
    Entry("program", {"token_env": '"GATE_TOKEN"', "header": '"X-API-Key"'}, "By a token."),
    Entry(
        "client",
        {
            "token_url": '"https://login.example/realms/dcm4che/protocol/openid-connect/token"',
            "client_id": '"gate"',
            "client_secret_env": '"GATE_CLIENT_SECRET"',
        },
        "By a token that is had first.",
    ),
    Entry("machine", {"certificate": '"gate.pem"', "key": '"gate.key"'}, "By a certificate."),
)
ADMIN_REQUESTS = (
    Entry(
        "",
        {
            "method": '"DELETE"',
            "path": '"/patients/NOBODY"',
            "does": '"deletes a patient"',
            "absent": "true",
        },
    ),
)
