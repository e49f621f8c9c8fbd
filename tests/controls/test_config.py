"""The configuration itself, as the archive was started with it: what it opens, with file and line.

What is asked from outside in the other areas is read here where it is written down, so that a mistake that a guard
hides today, or that no request of ours meets, is named as well. The rules are data of the linter: the theme of a rule
is the name of a control here. Observations (severity *info*) fail nothing.
"""

from __future__ import annotations

from collections.abc import Callable

from pacs_hardening.model import (
    Impact,
    Inapplicable,
    Severity,
    control,
)
from pacs_hardening.oracles.access import must_hold
from pacs_hardening.probes.configuration import Opened, Read

Configured = Callable[[], Read]


def _opens_nothing(theme: str, expected: str, configured: Configured) -> None:
    """No rule of ``theme`` speaks of a configuration by which the archive runs."""
    read = configured()
    if theme not in read.themes:
        raise Inapplicable("the product of no configuration that was read has such options")
    found = [each for each in read.openings if each.opening.theme == theme]
    must_hold(expected, [(_said(each), ()) for each in found], (each.change for each in found))


def _said(opened: Opened) -> str:
    each = opened.opening
    value = f" is {each.value}" if each.value else ""
    return f"{opened.service}: {opened.place}: {each.key}{value} ({each.severity.name.lower()}): {each.opens}"


@control(
    Severity.HIGH,
    Impact.PASSIVE,
    exposure="The configuration does not say strictly which nodes may talk to the archive.",
    references=("PS3.8 9.3.4", "CWE-1188"),
)
def test_admits_only_known_nodes(configured: Configured) -> None:
    """The configuration MUST name each node that is served, and leave no service open to all.

    Factory AE titles, AE titles compared loosely, and lists of nodes that can be written over the web admit others.

    files -> no option by which an unknown node is served.
    """
    _opens_nothing("admits-only-known-nodes", "known nodes only", configured)


@control(
    Severity.MEDIUM,
    Impact.PASSIVE,
    exposure="The configuration gives a node or the server itself rights that it does not need.",
    references=("CWE-276",),
)
def test_grants_least_privilege(configured: Configured) -> None:
    """The configuration MUST say for each node what it may do; what is left out is often allowed.

    files -> every permission of every node written down, and no server that stays root.
    """
    _opens_nothing("grants-least-privilege", "each permission said, none more than needed", configured)


@control(
    Severity.MEDIUM,
    Impact.PASSIVE,
    exposure="The configuration takes objects of any kind, and each decoder they reach can be attacked.",
    references=("PS3.8 9.3.3.2", "CWE-1188"),
)
def test_accepts_only_declared_objects(configured: Configured) -> None:
    """The configuration MUST list the SOP classes and transfer syntaxes that the hospital's devices produce.

    files -> lists without wildcards, and no acceptance of what is unknown.
    """
    _opens_nothing("accepts-only-declared-objects", "SOP classes and transfer syntaxes by UID", configured)


@control(
    Severity.HIGH,
    Impact.PASSIVE,
    exposure="The configuration sends patient data or passwords over the network in clear text, or weakly encrypted.",
    references=("PS3.15 B.12", "RFC 9325 3.1.1", "RFC 9325 4.2", "CWE-319"),
)
def test_encrypts_every_endpoint(configured: Configured) -> None:
    """The configuration MUST ask for TLS 1.2 or newer at each port and for each outgoing connection.

    The ports of a server that publishes nothing may be plain where a guard in front of it ends TLS.

    files -> TLS on, certificates verified, suites with forward secrecy and authenticated encryption.
    """
    _opens_nothing("encrypts-every-endpoint", "TLS with verified certificates everywhere", configured)


@control(
    Severity.HIGH,
    Impact.PASSIVE,
    exposure="The configuration lets everybody use the web endpoint without a password.",
    references=("CWE-306",),
)
def test_requires_a_login(configured: Configured) -> None:
    """The configuration MUST switch authentication on and name users; a missing or empty list invents one.

    files -> authentication on, users of one's own.
    """
    _opens_nothing("requires-a-login", "authentication on, and users", configured)


@control(
    Severity.HIGH,
    Impact.PASSIVE,
    exposure="The configuration holds a password that is published, easily guessed, or shown to others.",
    references=("CWE-1392", "CWE-521", "CWE-526"),
)
def test_protects_credentials(configured: Configured) -> None:
    """The configuration MUST hold no factory, short or empty password, nor hand one over in the environment.

    files -> each password long and its own; no value of one is ever shown.
    """
    _opens_nothing("protects-credentials", "passwords that nobody knows or guesses", configured)


@control(
    Severity.HIGH,
    Impact.PASSIVE,
    exposure="The configuration lets web users run programs, write files, or delete studies.",
    references=("CWE-1188", "CWE-749"),
)
def test_disables_dangerous_functions(configured: Configured) -> None:
    """The configuration MUST switch off what no user needs: scripts, writing to disk, network drives, unnamed plugins.

    files -> each of them off, also where a guard refuses their addresses.
    """
    _opens_nothing("disables-dangerous-functions", "dangerous functions off", configured)


@control(
    Severity.MEDIUM,
    Impact.PASSIVE,
    exposure="The configuration lets one peer take all of the archive's memory, disk or connections.",
    references=("CWE-770",),
)
def test_bounds_what_one_peer_may_take(configured: Configured) -> None:
    """The configuration MUST limit results, bodies, storage, associations, and the time that a peer may be silent.

    files -> no limit that is absent, zero or beyond reason.
    """
    _opens_nothing("bounds-what-one-peer-may-take", "a limit for each", configured)


@control(
    Severity.MEDIUM,
    Impact.PASSIVE,
    exposure="The configuration lets stored images be replaced, lost or deleted by whoever may store.",
    references=("PS3.4 B.4.1", "CWE-471"),
)
def test_keeps_what_was_stored(configured: Configured) -> None:
    """The configuration MUST refuse to overwrite, to recycle the oldest patient, and to confirm what is not on disk.

    files -> overwriting off, a full archive refuses, checksums and synchronous writing on.
    """
    _opens_nothing("keeps-what-was-stored", "stored objects stay as they are", configured)


@control(
    Severity.MEDIUM,
    Impact.PASSIVE,
    exposure="Names and numbers of patients stand in the archive's log.",
    references=("PS3.15 E.1", "CWE-532"),
)
def test_keeps_logs_free_of_patients(configured: Configured) -> None:
    """The configuration MUST keep identifying attributes out of the log, by a current edition of their list.

    files -> de-identification of logs on.
    """
    _opens_nothing("keeps-logs-free-of-patients", "de-identified logs", configured)


@control(
    Severity.MEDIUM,
    Impact.PASSIVE,
    exposure="A line of the configuration is not in force, and nobody was told.",
    references=("CWE-1188",),
)
def test_has_no_misread_settings(configured: Configured) -> None:
    """The configuration MUST mean what it says: no misspelt key, none twice, no value of the wrong kind.

    Archives ignore without a word what they do not know, and the default, often the open one, holds.

    files -> each key known, once, and with a value that the product takes.
    """
    _opens_nothing("has-no-misread-settings", "each line in force", configured)
