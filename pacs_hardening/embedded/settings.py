"""Every knob of the embedded archive. The defaults are the hardened archive; a weakness turns one of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from ..model import BadInput

AEAD_SUITES = "ECDHE+AESGCM:ECDHE+CHACHA20"
SERVICES = ("echo", "find", "get", "move", "store")
DEEDS = ("login", "refused", "query", "retrieve", "export", "store", "delete")
ENDPOINTS = ("qido", "wado-rs", "wado-uri", "stow", "rest", "ui", "metrics", "webdav", "delete")


@dataclass(frozen=True)
class Settings:
    """Knobs by what they concern. Names in tuples are AE titles, services, endpoints, or keys of ``Target.bad_keys``.

    ``ciphers_*`` are OpenSSL cipher strings for TLS 1.2 and older; ``minimum_tls_*`` is "1.0" or "1.2";
    ``trusted_clients`` adds those bad certificates, and the CA they bring, to the trusted ones; ``anonymous`` holds
    services (or "normalized") that unknown peers are admitted for; ``body_limit`` is in bytes, ``*_seconds`` in
    seconds; ``audit_deeds`` is what the audit trail records, ``audit_schema`` how it spells codes. ``forgotten_dicom``
    is a plaintext listener of which the target says nothing. ``one_at_a_time`` is from when on a peer keeps all others
    waiting; ``talkative_errors`` are endpoints whose errors hold what belongs to somebody else; ``tells_absent``: what
    is not there is answered by the failure that says so. ``answers_after`` and ``indexes_after`` are in seconds, from a
    request to its answer and from storing to finding; ``wide_queries_fail``: no match at all where there are too many;
    ``guesses``: wrong passwords that lock a user out for a while;
    ``closes_without_alert`` where no certificate comes; ``connections_per_second``: new ones, 0 for any number.
    """

    # transport
    plaintext_dicom: bool = False
    plaintext_web: bool = False
    forgotten_dicom: bool = False
    minimum_tls_dicom: str = "1.2"
    minimum_tls_web: str = "1.2"
    maximum_tls: str = "1.3"
    ciphers_dicom: str = AEAD_SUITES
    ciphers_web: str = AEAD_SUITES
    dh_1024: bool = False
    client_renegotiation: bool = False
    client_certificate: str = "required"
    check_revocation: bool = True
    check_dates: bool = True
    trusted_clients: tuple[str, ...] = ()
    # association
    accept_any_calling_ae: bool = False
    check_called_ae: bool = True
    exact_ae_titles: bool = True
    bind_certificate: bool = True
    factory_ae_titles: tuple[str, ...] = ()
    require_user_identity: bool = True
    accept_any_sop_class: bool = False
    accept_any_transfer_syntax: bool = False
    check_application_context: bool = True
    check_protocol_version: bool = True
    banner: bool = False
    # authorisation
    anonymous: tuple[str, ...] = ()
    query_may_store: bool = False
    store_may_query: bool = False
    tells_absent: bool = False
    stale_destinations: tuple[str, ...] = ()
    limit_queries: bool = True
    allow_overwrite: bool = False
    # web
    open_endpoints: tuple[str, ...] = ()
    default_credentials: bool = False
    literal_paths: bool = False
    protective_headers: bool = True
    throttle_guessing: bool = True
    tells_users_apart: bool = False
    hashes_known_users_only: bool = False
    users_may_administer: bool = False
    check_origin: bool = True
    allow_any_origin: bool = False
    verbose_errors: bool = False
    body_limit: int = 8 << 20
    inflate_bodies: bool = False
    # audit
    audit_sent: bool = True
    audit_tls: bool = True
    audit_deeds: tuple[str, ...] = DEEDS
    audit_failures: bool = True
    audit_users: bool = True
    audit_query_values: bool = False
    audit_escapes: bool = True
    audit_schema: str = "dicom"
    # messages
    hl7_plaintext: bool = False
    hl7_any_sender: bool = False
    hl7_exact_senders: bool = True
    hl7_binds_sender: bool = True
    hl7_any_type: bool = False
    hl7_whole_types: bool = True
    hl7_limits_messages: bool = True
    hl7_talkative_errors: bool = False
    hl7_one_at_a_time: bool = False
    hl7_stops_on_malformed: bool = False
    # robustness: what it does with peers that are hostile
    associations_per_node: int = 16
    bound_pdus: bool = True
    one_at_a_time: str = ""
    one_handshake_at_a_time: bool = False
    accept_malformed: bool = False
    echo_unexpected: bool = False
    talkative_errors: tuple[str, ...] = ()
    leaks: tuple[str, ...] = ()
    # manners that honest archives have, none of them a weakness
    answers_after: float = 0.0
    indexes_after: float = 0.0
    wide_queries_fail: bool = False
    guesses: int = 20
    login_page: bool = False
    closes_without_alert: bool = False
    connections_per_second: int = 0
    # what the archive holds and how long it waits
    preloaded_studies: int = 25
    handshake_seconds: float = 5.0
    request_seconds: float = 5.0
    idle_seconds: float = 30.0
    # faults of the whole server (faults.py), never defects of its configuration
    dies_after: int = 0
    hangs_after_accept: bool = False
    silent_after_tls: bool = False


_CHOICES: dict[str, tuple[str, ...]] = {
    "minimum_tls_dicom": ("1.0", "1.2"),
    "minimum_tls_web": ("1.0", "1.2"),
    "maximum_tls": ("1.2", "1.3"),
    "client_certificate": ("required", "optional"),
    "anonymous": (*SERVICES, "normalized"),
    "open_endpoints": ENDPOINTS,
    "audit_deeds": DEEDS,
    "audit_schema": ("dicom", "rfc3881"),
    "one_at_a_time": ("", "connection", "request", "data"),
    "talkative_errors": ("dicom", "web"),
    "leaks": ("memory", "descriptors", "threads"),
}


def parse(table: Mapping[str, Any]) -> Settings:
    """Settings from the ``[settings]`` table. Raises BadInput for an unknown key, a wrong type or value."""
    known = {field.name: field.default for field in fields(Settings)}
    values: dict[str, Any] = {}
    for key, value in table.items():
        if key not in known:
            raise BadInput(f"unknown setting {key!r} in [settings]; known: {', '.join(sorted(known))}")
        default = known[key]
        if isinstance(default, tuple):
            if not isinstance(value, list | tuple) or not all(isinstance(item, str) for item in value):
                raise BadInput(f"setting {key!r} must be a list of strings")
            value = tuple(value)
        elif isinstance(default, float) and type(value) is int:
            value = float(value)
        if type(value) is not type(default):
            raise BadInput(f"setting {key!r} must be of type {type(default).__name__}")
        chosen = value if isinstance(value, tuple) else (value,)
        wrong = [item for item in chosen if key in _CHOICES and item not in _CHOICES[key]]
        if wrong:
            raise BadInput(f"setting {key!r} cannot be {wrong[0]!r}; accepted: {', '.join(_CHOICES[key])}")
        values[key] = value
    return Settings(**values)
