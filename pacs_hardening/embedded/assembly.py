"""Puts the embedded archive together: endpoints, what answers behind them, and the Target that describes it."""

from __future__ import annotations

import gc
import os
import secrets
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

from pynetdicom import __version__

from ..model import Endpoint, Hl7, Impact, Target
from ..model.running import Running
from ..model.trail import Trail
from . import policy
from .archive import Archive, Destination
from .auditor import Auditor
from .collector import Collector, tls_context
from .contexts import DeclaredContexts, storage_of
from .dicom import DicomServer
from .faults import Faults
from .gate import Gate
from .hostile import Resilience
from .journal import Journal
from .listener import Listener
from .login import Login
from .messages import MessageDoor
from .participants import Participants, gather
from .receiver import Receiver
from .research import side
from .routes import Routes
from .settings import Settings, parse
from .store import Store
from .synthetic import fill, worklist
from .tls import choose, for_dicom, for_web
from .usage import own
from .web import Web


def assemble(environment: Mapping[str, Any], folder: Path, stack: ExitStack) -> Running:
    """Start everything; ``stack`` stops it. Raises BadInput for what ``environment`` must not or fails to say."""
    gc.freeze()  # what was there before is looked through by no collection: a reading of usage() begins with one
    stack.callback(gc.unfreeze)
    settings = parse(environment.get("settings", {}))
    cast = gather(environment, folder, settings)
    opened_by = policy.read(environment.get("openings", ()), cast.names())
    faults, trail = Faults(settings), Trail()
    auditor = Auditor(settings, cast.called, cast.keys, _log_server(trail, cast, settings, stack), opened_by)
    stack.callback(auditor.close)
    journal = Journal(send=auditor.record)
    receiver = Receiver(cast.receiver)
    destination = Destination(cast.receiver, _workstation(receiver, cast, settings, stack))
    limit = cast.target.query_limit or 0 if settings.limit_queries else 0
    store = Store(overwrite=settings.allow_overwrite, indexes_after=settings.indexes_after)
    fill(store, settings.preloaded_studies)
    secret = next(iter(cast.passwords().values()), b"").decode()
    archive = Archive(
        store,
        limit,
        dict.fromkeys((cast.receiver, *settings.stale_destinations), destination),
        worklist(),
        secret if "dicom" in settings.talkative_errors else "",
        settings.tells_absent,
        settings.wide_queries_fail,
        opened_by,
    )
    contexts = DeclaredContexts(settings, cast.target.sop_classes, cast.target.transfer_syntaxes, opened_by)
    gate = Gate(settings, cast.called, cast.known(), cast.passcodes(), contexts.services(), opened_by)
    resilience = Resilience(settings)
    stack.callback(resilience.close)
    research = cast.target.research
    beside = side(research, cast, settings, journal, faults, resilience, opened_by) if research else None
    server = DicomServer(
        cast.called,
        settings,
        gate.admit,
        contexts,
        archive.handlers(),
        journal,
        faults,
        resilience,
        opened_by,
        beside.dicom if beside else None,
    )
    stack.callback(server.stop)
    banner = f"pynetdicom {__version__}" if settings.banner else ""
    routes = Routes(
        store,
        limit,
        storage_of(cast.target.sop_classes),
        frozenset(cast.target.transfer_syntaxes),
        banner,
        settings.users_may_administer,
        opened_by,
    )
    web = Web(
        settings,
        Login(settings, cast.passwords(), opened_by),
        routes,
        journal,
        policy=opened_by,
        resilience=resilience,
        beside=beside.web if beside else None,
    )

    by_name = opened_by.concerns("certificate") or settings.closes_without_alert
    dicom_tls = (choose if by_name else for_dicom)(settings, cast.keys, opened_by)
    endpoints = [
        ("dicom", server.serve, dicom_tls),
        ("web", web.serve, for_web(settings, cast.keys)),
        *([("dicom", server.serve, None)] if settings.plaintext_dicom else []),
        *([("web", web.serve, None)] if settings.plaintext_web else []),
    ]
    opened: list[tuple[Endpoint, Listener]] = []

    def die() -> None:
        for _, listener in opened:
            listener.deafen()
        for _, listener in opened:
            listener.close()

    faults.die = die
    for service, serve, context in endpoints:
        waits = settings.one_handshake_at_a_time
        listener = Listener(service, serve, context, journal, faults, settings.handshake_seconds, waits)
        listener.most_a_second = settings.connections_per_second
        listener.closes_without_alert = settings.closes_without_alert and service == "dicom"
        stack.callback(listener.stop)
        opened.append((Endpoint(service, "127.0.0.1", listener.port, context is not None), listener))
    told = tuple(endpoint for endpoint, _ in opened)
    if settings.forgotten_dicom:
        listener = Listener("forgotten", server.serve, None, journal, faults, settings.handshake_seconds)
        stack.callback(listener.stop)
        opened.append((Endpoint("dicom", "127.0.0.1", listener.port, False), listener))
    hl7 = _messages(cast, settings, stack, opened)
    start = f"embedded, process {os.getpid()}, start {secrets.token_hex(4)}"
    return Running(
        target=replace(_target(cast, told), hl7=hl7),
        fingerprint=lambda: "; ".join(
            [start, *(f"{endpoint} {'up' if it.alive else 'down'}" for endpoint, it in opened)]
        ),
        arrivals=receiver.arrivals,
        logs=journal.tail,
        listeners=tuple((endpoint.host, endpoint.port) for endpoint, _ in opened),
        audit=trail.after,
        usage=own,
    )


def _messages(
    cast: Participants, settings: Settings, stack: ExitStack, opened: list[tuple[Endpoint, Listener]]
) -> Hl7 | None:
    """Start the endpoints for HL7 v2 messages, where the environment has any; where they are. What is weak about TLS
    at the other endpoints is not weak here."""
    hl7 = cast.target.hl7
    if hl7 is None:
        return None
    door = MessageDoor(hl7, cast.nodes[hl7.node].aet, settings)
    secure = for_dicom(Settings(ciphers_dicom=settings.ciphers_dicom), cast.keys)  # with which its key can be used
    sound, found = Faults(Settings()), list[Endpoint]()
    for context in (secure, None) if settings.hl7_plaintext else (secure,):
        listener = Listener("hl7", door.serve, context, Journal(), sound, settings.handshake_seconds)
        stack.callback(listener.stop)
        found.append(Endpoint("hl7", "127.0.0.1", listener.port, context is not None))
        opened.append((found[-1], listener))
    return replace(hl7, endpoints=tuple(found))


def _log_server(trail: Trail, cast: Participants, settings: Settings, stack: ExitStack) -> int:
    """Start the log server; gives the port that the archive sends to. It has no share in the archive's faults."""
    secure = tls_context(cast.keys) if settings.audit_tls else None
    serve, sound = Collector(trail).serve, Faults(Settings())
    listener = Listener("log server", serve, secure, Journal(), sound, settings.handshake_seconds)
    stack.callback(listener.stop)
    return listener.port


def _workstation(receiver: Receiver, cast: Participants, settings: Settings, stack: ExitStack) -> int:
    """Start the move destination; gives its port. It is a machine beside the archive: it has no share in the
    archive's faults, and is none of its endpoints."""
    sound, journal = Faults(Settings()), Journal()
    contexts = DeclaredContexts(Settings(), tuple(storage_of(cast.target.sop_classes)), cast.target.transfer_syntaxes)
    server = DicomServer(cast.receiver, Settings(), receiver.admit, contexts, receiver.handlers(), journal, sound)
    listener = Listener("receiver", server.serve, None, journal, sound, settings.handshake_seconds)
    stack.callback(listener.stop)
    return listener.port


def _target(cast: Participants, endpoints: tuple[Endpoint, ...]) -> Target:
    return replace(
        cast.target,
        called_aet=cast.called,
        endpoints=endpoints,
        nodes=cast.nodes,
        bad_keys=cast.keys.bad,
        users=cast.users,
        ca=cast.keys.ca,
        capabilities=cast.target.capabilities | {"usage"},
        ceiling=Impact.DISRUPTIVE,
        move_destination=cast.receiver,
        verify_server=False,
    )
