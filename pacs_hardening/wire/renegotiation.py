"""A renegotiation begun by the client in TLS 1.2 (RFC 5246 7.4.1.2, RFC 5746).

No TLS library of today begins one. So OpenSSL does the handshake, and what comes after it is written here: the second
ClientHello, within the connection, under the keys that OpenSSL agreed upon.
"""

from __future__ import annotations

import hashlib
import hmac
import io
import ssl
import struct
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305

from ..model import Endpoint, KeyPair, Unmeasurable
from ..model.response import Alert, Stage, TlsAlert
from . import tls
from .choice import ALERT, HANDSHAKE, SERVER_HELLO, Choice, read_choice
from .hello import ClientHello
from .session import Refused, Session, Silent
from .suites import GROUP_NUMBERS

_SECONDS = 3.0
_VERSION = 0x0303
# The suites whose records are written and read here.
_SUITES = "AESGCM:CHACHA20:AES+SHA1:AES+SHA256:AES+SHA384:!PSK:!SRP:@SECLEVEL=0"
_NO_ENCRYPT_THEN_MAC = 1 << 19  # SSL_OP_NO_ENCRYPT_THEN_MAC (openssl/ssl.h), which the ssl module does not name
MAX_RECORDS = 64
_NOT_UNDERSTOOD = (Alert.BAD_RECORD_MAC, Alert.DECODE_ERROR, Alert.DECRYPT_ERROR)  # no word about what was asked


def renegotiates(endpoint: Endpoint, name: str, keys: KeyPair | None) -> bool:
    """Whether the server at ``endpoint`` answers a ClientHello within a connection by a ServerHello. An alert or the
    end of the connection refuses it.

    Raises Unmeasurable where there is no connection to renegotiate, or nothing comes in answer.
    """
    try:
        with Session(endpoint, None, seconds=_SECONDS, name=name) as session:
            try:
                protected, verify_data = _connected(session, name, keys)
            except Refused as refused:
                raise Unmeasurable(f"{endpoint}: no TLS 1.2 connection to renegotiate: ", refused.response) from refused
            except ssl.SSLError as error:
                raise Unmeasurable(
                    f"{endpoint}: no TLS 1.2 connection to renegotiate: ", tls.response(error)
                ) from error
            hello = ClientHello(
                "TLS 1.2",
                [protected.choice.suite.number],
                name,
                groups=[GROUP_NUMBERS[each] for each in ("x25519", "secp256r1", "secp384r1", "secp521r1")],
                renegotiation=verify_data,
            )
            return _begun(session, protected, hello)
    except Silent as silence:
        raise Unmeasurable(f"{endpoint}, in answer to a renegotiation: ", silence.response) from silence
    except (InvalidTag, ValueError) as error:
        raise Unmeasurable(f"{endpoint}: a record that cannot be read in answer to a renegotiation: {error}") from error


def _begun(session: Session, protected: _Protected, hello: ClientHello) -> bool:
    try:
        session.send(protected.sealed(HANDSHAKE, hello.message()), "ClientHello within the connection")
        for _ in range(MAX_RECORDS):
            kind, content = protected.opened(session)
            if kind == ALERT:
                alert = TlsAlert(content[-1])
                if alert.description in _NOT_UNDERSTOOD:
                    raise Unmeasurable(f"{session.endpoint}, in answer to a renegotiation: ", alert)
                return False
            if kind == HANDSHAKE and content[:1] == bytes([SERVER_HELLO]):
                return True
    except Refused:
        return False
    raise Unmeasurable(f"{session.endpoint}: {MAX_RECORDS} records, and no answer to a renegotiation among them")


def _connected(session: Session, name: str, keys: KeyPair | None) -> tuple[_Protected, bytes]:
    """A connection whose TLS we speak ourselves from here on, and the client's verify_data."""
    with TemporaryDirectory(prefix="pacs-hardening-") as folder:  # 0700
        log = Path(folder) / "secret"
        context = tls.new_client(keys, ssl.TLSVersion.TLSv1_2, _SUITES)
        context.options |= _NO_ENCRYPT_THEN_MAC
        context.keylog_filename = str(log)
        incoming, outgoing, received = ssl.MemoryBIO(), ssl.MemoryBIO(), bytearray()
        connection = context.wrap_bio(incoming, outgoing, server_hostname=name)
        while not _done(connection):
            session.send(outgoing.read(), "TLS handshake")
            piece = session.receive_some(1 << 16, Stage.TLS)
            received += piece
            incoming.write(piece) if piece else incoming.write_eof()
        session.send(outgoing.read(), "TLS handshake")
        _, random, master = log.read_text().split()[-3:]
    choice = read_choice(io.BytesIO(received).read, "TLS 1.2")
    verify_data = connection.get_channel_binding("tls-unique")  # the client's Finished: RFC 5929 3.1
    if not isinstance(choice, Choice) or verify_data is None:
        raise Unmeasurable(f"{session.endpoint}: a TLS handshake that cannot be followed")
    protected = _Protected.made(choice, bytes.fromhex(master), bytes.fromhex(random), incoming.read())
    return protected, verify_data


def _done(connection: ssl.SSLObject) -> bool:
    try:
        connection.do_handshake()
    except ssl.SSLWantReadError:
        return False
    return True


def _prf(algorithm: str, secret: bytes, label: bytes, seed: bytes, count: int) -> bytes:
    """RFC 5246 5."""
    made, step = b"", label + seed
    while len(made) < count:
        step = hmac.digest(secret, step, algorithm)
        made += hmac.digest(secret, step + label + seed, algorithm)
    return made[:count]


@dataclass
class _Protected:
    """Records of one connection in TLS 1.2, after the two Finished, which were number 0 (RFC 5246 6.2.3)."""

    choice: Choice
    client: _Keys
    server: _Keys
    early: bytes
    sent: int = 1
    received: int = 1

    @classmethod
    def made(cls, choice: Choice, master: bytes, random: bytes, early: bytes) -> _Protected:
        """``early``: bytes that came behind the server's Finished. Raises Unmeasurable for a suite that is not ours."""
        name = choice.suite.name
        algorithm = "sha384" if name.endswith("SHA384") else "sha256"
        key = 16 if "AES_128" in name else 32
        mac, iv = (0, 4) if "GCM" in name else (0, 12) if "CHACHA20" in name else (_mac_size(name), 0)
        block = io.BytesIO(_prf(algorithm, master, b"key expansion", choice.random + random, 2 * (mac + key + iv)))
        sizes = (mac, mac, key, key, iv, iv)
        macs, keys, ivs = (tuple(block.read(size) for size in sizes[i : i + 2]) for i in (0, 2, 4))
        client, server = (_Keys(name, *each) for each in zip(macs, keys, ivs, strict=True))
        return cls(choice, client, server, early)

    def sealed(self, kind: int, content: bytes) -> bytes:
        body = self.client.seal(self.sent, kind, content)
        self.sent += 1
        return struct.pack(">BHH", kind, _VERSION, len(body)) + body

    def opened(self, session: Session) -> tuple[int, bytes]:
        kind, _, length = struct.unpack(">BHH", self._take(session, 5))
        content = self.server.open(self.received, kind, self._take(session, length))
        self.received += 1
        return kind, content

    def _take(self, session: Session, count: int) -> bytes:
        known, self.early = self.early[:count], self.early[count:]
        return known + session.read(count - len(known), Stage.TLS)


def _mac_size(name: str) -> int:
    return hashlib.new(_mac_hash(name)).digest_size


def _mac_hash(name: str) -> str:
    return {"SHA": "sha1"}.get(name.rpartition("_")[2], name.rpartition("_")[2].lower())


@dataclass(frozen=True)
class _Keys:
    """What one side protects its records with: AES-GCM (RFC 5288), ChaCha20-Poly1305 (RFC 7905), AES-CBC (RFC 5246
    6.2.3.2)."""

    suite: str
    mac: bytes
    key: bytes
    iv: bytes

    def seal(self, number: int, kind: int, content: bytes) -> bytes:
        explicit, header = struct.pack(">Q", number), self._header(number, kind, len(content))
        if "GCM" in self.suite:
            return explicit + AESGCM(self.key).encrypt(self.iv + explicit, content, header)
        if "CHACHA20" in self.suite:
            return ChaCha20Poly1305(self.key).encrypt(self._nonce(number), content, header)
        content += hmac.digest(self.mac, header + content, _mac_hash(self.suite))
        padding = 15 - len(content) % 16
        start = hashlib.sha256(explicit + self.mac).digest()[:16]
        encryptor = Cipher(algorithms.AES(self.key), modes.CBC(start)).encryptor()
        return start + encryptor.update(content + bytes([padding]) * (padding + 1))

    def open(self, number: int, kind: int, body: bytes) -> bytes:
        """Raises InvalidTag or ValueError where the record is not the server's."""
        if "GCM" in self.suite:
            nonce = self.iv + body[:8]
            return AESGCM(self.key).decrypt(nonce, body[8:], self._header(number, kind, len(body) - 24))
        if "CHACHA20" in self.suite:
            header = self._header(number, kind, len(body) - 16)
            return ChaCha20Poly1305(self.key).decrypt(self._nonce(number), body, header)
        plain = Cipher(algorithms.AES(self.key), modes.CBC(body[:16])).decryptor().update(body[16:])
        content = plain[: len(plain) - plain[-1] - 1] if plain else b""
        content, tag = content[: -len(self.mac)], content[-len(self.mac) :]
        header = self._header(number, kind, len(content))
        if not hmac.compare_digest(tag, hmac.digest(self.mac, header + content, _mac_hash(self.suite))):
            raise ValueError("wrong MAC")
        return content

    def _header(self, number: int, kind: int, length: int) -> bytes:
        if length < 0:
            raise ValueError("a record too short for its cipher")
        return struct.pack(">QBHH", number, kind, _VERSION, length)

    def _nonce(self, number: int) -> bytes:
        return bytes(a ^ b for a, b in zip(self.iv, number.to_bytes(12, "big"), strict=True))
