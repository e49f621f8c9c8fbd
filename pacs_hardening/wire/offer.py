"""ClientHellos of any age: what a server chooses when it is offered old versions, weak suites or weak groups.

Done with the connections of sslyze, whose two OpenSSLs speak everything from SSL 2.0 to TLS 1.3.
"""

from __future__ import annotations

import socket
from collections import defaultdict
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Any

from ..model import Door, KeyPair, Target, Unmeasurable

VERSIONS = ("SSL 2.0", "SSL 3.0", "TLS 1.0", "TLS 1.1", "TLS 1.2", "TLS 1.3")
_NETWORK_SECONDS = 3
_NONE_OF_THESE = ("TLS alert: handshake failure", "TLS alert: protocol version")  # as sslyze says it


@dataclass(frozen=True)
class Suite:
    """``name`` is IANA's, ``openssl`` what the client library calls it; ``legacy``: which of the two speaks it."""

    name: str
    openssl: str
    legacy: bool

    @property
    def family(self) -> str:
        """What it asks of a server: key exchange and signature. A TLS 1.3 suite asks for neither."""
        return f"{self.name.partition('_WITH_')[0]}, {'old' if self.legacy else 'new'} client"


@dataclass(frozen=True)
class Reply:
    """``refusal`` is empty where the server accepted; ``firm``: by an alert that means none of what was offered;
    ``silent``: nothing came. ``unfinished``: it asked for a certificate, and the client went no further.
    ``group``: the server's ephemeral key, by IANA name or ``dhe``, and its bits; 0 where the client library took it for
    too small to go on, or could not read it."""

    refusal: str = ""
    firm: bool = False
    silent: bool = False
    unfinished: bool = False
    group: tuple[str, int] | None = None


def suites(version: str) -> tuple[Suite, ...]:
    """Every cipher suite that ``version`` has ever had and sslyze knows."""
    from sslyze.plugins.openssl_cipher_suites import _tls12_workaround
    from sslyze.plugins.openssl_cipher_suites.cipher_suites import CipherSuitesRepository

    def legacy(openssl: str) -> bool:
        if version == "TLS 1.2":
            return bool(_tls12_workaround.WorkaroundForTls12ForCipherSuites.requires_legacy_openssl(openssl))
        return version != "TLS 1.3"

    found = CipherSuitesRepository.get_all_cipher_suites(_enum(version))
    return tuple(Suite(each.name, each.openssl_name, legacy(each.openssl_name)) for each in found)


def families(version: str) -> list[list[Suite]]:
    """The suites of ``version``, those together that ask the same of a server."""
    found = defaultdict(list)
    for suite in suites(version):
        found["" if version == "SSL 2.0" else suite.family].append(suite)
    return list(found.values())


def _enum(version: str) -> Any:
    from sslyze.server_connectivity import TlsVersionEnum

    return TlsVersionEnum[version.replace(" ", "_").replace(".", "_")]


class Server:
    """What is at ``door``. With ``keys``, the client certificate is shown where one is asked for; without, being asked
    for one ends the handshake, after the server has made its choice. Every method raises Unmeasurable where the
    exchange ends in a way that is neither acceptance nor refusal."""

    def __init__(self, door: Door, target: Target, keys: KeyPair | None = None) -> None:
        from sslyze.server_connectivity import ClientAuthRequirementEnum, ServerConnectivityInfo, ServerTlsProbingResult
        from sslyze.server_setting import (
            ClientAuthenticationCredentials,
            ServerNetworkConfiguration,
            ServerNetworkLocation,
        )

        self.door = door
        shown = ClientAuthenticationCredentials(keys.certificate, keys.key) if keys else None
        self._info = ServerConnectivityInfo(
            ServerNetworkLocation(hostname=target.server_name, ip_address=_address(door), port=door.port),
            ServerNetworkConfiguration(
                tls_server_name_indication=target.server_name,
                tls_client_auth_credentials=shown,
                network_timeout=_NETWORK_SECONDS,
                network_max_retries=1,
            ),
            # What sslyze would find out with connections of its own; of it, only this is used here.
            ServerTlsProbingResult(_enum("TLS 1.2"), "", ClientAuthRequirementEnum.REQUIRED, True),
        )

    def offer(self, version: str, offered: Sequence[Suite]) -> Reply:
        """Offer only ``offered``, which have the same client library, in ``version``."""
        connection = self._connection(version, legacy=offered[0].legacy)
        names = ":".join(suite.openssl for suite in offered)
        if version == "TLS 1.3":
            connection.ssl_client.set_ciphersuites(names)
        else:
            connection.ssl_client.set_cipher_list(names)
        reply = self._reply(connection)
        ephemeral = any(word in offered[0].name for word in ("_DHE_", "_DH_anon_"))
        if ephemeral and not reply.refusal and reply.group is None:
            return replace(reply, group=("dhe", 0))
        return reply

    def offer_groups(self, names: Sequence[str]) -> Reply:
        """Offer these groups in TLS 1.2, where all of them exist, with every suite that uses one."""
        from nassl.ephemeral_key_info import OpenSslEcNidEnum
        from sslyze.server_connectivity import enable_ecdh_cipher_suites

        connection = self._connection("TLS 1.2", legacy=False)
        enable_ecdh_cipher_suites(_enum("TLS 1.2"), connection.ssl_client)
        by_name = {_iana(each.name): each for each in OpenSslEcNidEnum.get_supported_by_ssl_client()}
        connection.ssl_client.set_groups([by_name[name] for name in names])
        return self._reply(connection)

    def renegotiates(self) -> tuple[bool, bool]:
        """In TLS 1.2: whether the server binds a renegotiation to its connection (RFC 5746), and whether it lets a
        client begin one."""
        from nassl._nassl import OpenSSLError

        connection = self._connection("TLS 1.2", legacy=True)
        with closing(connection):
            reply = self._handshake(connection)
            if reply.refusal or reply.unfinished:
                why = reply.refusal or "the handshake was not finished"
                raise Unmeasurable(f"{self.door}: no TLS 1.2 connection to renegotiate: {why}")
            secure = bool(connection.ssl_client.get_secure_renegotiation_support())
            try:
                connection.ssl_client.do_renegotiate()
            except TimeoutError as error:
                raise Unmeasurable(f"{self.door}: silence in answer to a renegotiation") from error
            except (OSError, OpenSSLError):
                return secure, False
            return secure, True

    def _connection(self, version: str, *, legacy: bool) -> Any:
        return self._info.get_preconfigured_tls_connection(
            override_tls_version=_enum(version), should_use_legacy_openssl=legacy
        )

    def _reply(self, connection: Any) -> Reply:
        with closing(connection):
            reply = self._handshake(connection)
            key = None if reply.refusal else connection.ssl_client.get_ephemeral_key()
        if key is None:
            return reply
        return replace(reply, group=(_iana(key.curve_name) if hasattr(key, "curve_name") else "dhe", key.size))

    def _handshake(self, connection: Any) -> Reply:
        from nassl._nassl import OpenSSLError
        from nassl.ssl_client import ClientCertificateRequested
        from sslyze import errors
        from sslyze.connection_helpers.tls_connection import NoCiphersAvailableBugInSSlyze

        try:
            connection.connect()
        except ClientCertificateRequested:
            return Reply(unfinished=True)  # the server has chosen version, suite and group by then
        except errors.ServerTlsConfigurationNotSupported:
            return Reply(unfinished=True)  # "DH key too small", said by the client about what the server has chosen
        except NoCiphersAvailableBugInSSlyze:
            return Reply("not offered: the client library has these suites in other versions only", firm=True)
        except errors.TlsHandshakeTimedOut as error:
            return Reply(str(error.error_message), silent=True)
        except errors.ServerRejectedTlsHandshake as error:
            return Reply(str(error.error_message), firm=error.error_message.strip() in _NONE_OF_THESE)
        except (errors.ConnectionToServerFailed, OSError, OpenSSLError) as error:
            raise Unmeasurable(f"{self.door}: {getattr(error, 'error_message', error)}") from error
        return Reply()


def _iana(name: str) -> str:
    return name if name.startswith("brainpool") else name.lower()


def _address(door: Door) -> str:
    try:
        return str(socket.getaddrinfo(door.host, door.port, type=socket.SOCK_STREAM)[0][4][0])
    except OSError as error:
        raise Unmeasurable(f"{door}: {error.strerror or error}") from error
