"""The first table: what a peer can vary and standards name. Each row is one value, by the place where it is seen."""

from __future__ import annotations

from collections.abc import Iterable

from .mutant import Row

QR = "1.2.840.10008.5.1.4.1.2."
STORAGE = "1.2.840.10008.5.1.4.1.1."
PRODUCTS = {  # what requestors announce: implementation class UID, version name
    "DCMTK": ("1.2.276.0.7230010.3.0.3.6.8", "OFFIS_DCMTK_368"),
    "older DCMTK": ("1.2.276.0.7230010.3.0.3.6.0", "OFFIS_DCMTK_360"),
    "dcm4che": ("1.2.40.0.13.1.3", "dcm4che-5.31.0"),
    "dcm4che 2": ("1.2.40.0.13.1.1.1", "dcm4che-2.0"),
    "pynetdicom": ("1.2.826.0.1.3680043.9.3811.3.0.4", "PYNETDICOM_304"),
    "fo-dicom": ("1.3.6.1.4.1.30071.8", "fo-dicom 5.1.2"),
    "ClearCanvas": ("1.3.6.1.4.1.25403.1.1.1", "Dicom 0.1"),
    "GDCM": ("1.2.826.0.1.3680043.2.1143.107.104.103.115.3.0.22", "GDCM 3.0.22"),
    "Conquest": ("1.2.826.0.1.3680043.2.135.1066.101", "1.5.0/WIN32"),
    "Siemens": ("1.3.12.2.1107.5.99.3.20000601", "SIEMENS_MRSYNGO"),
    "GE": ("1.2.840.113619.6.96", "GE_CENTRICITY"),
    "Philips": ("1.3.46.670589.42.1.4.4.5", "PMS_PORTAL"),
    "Agfa": ("1.2.124.113532.3500.7", "IMPAX"),
    "MergeCOM": ("2.16.840.1.113669.2.931128", "MergeCOM3_470"),
}
LEVELS = ("PATIENT", "STUDY", "SERIES", "IMAGE")
FURTHER_MODELS = {  # C-FIND
    f"{QR}3.1": "Patient/Study Only",
    "1.2.840.10008.5.1.4.1.2.1.1": "Patient Root",
    "1.2.840.10008.5.1.4.31": "Modality Worklist",
    "1.2.840.10008.5.1.4.37.1": "General Relevant Patient",
    "1.2.840.10008.5.1.4.37.2": "Breast Imaging Relevant Patient",
    "1.2.840.10008.5.1.4.38.2": "Hanging Protocol",
    "1.2.840.10008.5.1.4.39.2": "Color Palette",
    "1.2.840.10008.5.1.4.43.2": "Generic Implant Template",
    "1.2.840.10008.5.1.4.45.2": "Implant Template Group",
}
RETRIEVE = {f"{QR}1.3": "get", f"{QR}3.3": "get", f"{QR}1.2": "move", f"{QR}3.2": "move"}
# storage SOP classes that the archive does not declare, from Digital X-Ray to Slide Microscopy
UNDECLARED = (
    *("1.1", "104.1", "104.2", "104.3", "88.11", "88.33", "481.3", "481.5", "66", "66.4", "9.1.1", "77.1.4"),
    *("77.1.6", "6.1", "128", "11.1", "12.1", "20", "1.2", "2.1", "4.1"),
)
WITHOUT_BODY = ("qido", "qido-series", "study", "instance", "wado-uri", "system", "patients", "ui", "metrics")
AGENTS = (
    *("ELB-HealthChecker/2.0", "kube-probe/1.29", "GoogleHC/1.0", "Prometheus/2.51.0", "Zabbix", "UptimeRobot/2.0"),
    *("curl/8.5.0", "Weasis/4.4", "RadiAnt", "Horos", "OHIF", "python-requests/2.31", "Googlebot/2.1", "iPad"),
)


def exactly(fact: str, values: Iterable[str], goals: tuple[str, ...] = ()) -> list[Row]:
    return [Row(fact, "is", value, {fact: value}, goals) for value in values]


def association() -> list[Row]:
    rows = [Row("implementation-class", "is", uid, {"implementation-class": uid}) for uid, _ in PRODUCTS.values()]
    rows += [Row("version-name", "is", name, {"version-name": name}) for _, name in PRODUCTS.values()]
    rows += [
        Row(
            "implementation-class",
            "begins",
            "1.2.276.0.7230010.",
            {"implementation-class": "1.2.276.0.7230010.3.0.3.6.7"},
        ),
        Row("implementation-class", "begins", "1.2.40.0.13.", {"implementation-class": "1.2.40.0.13.1.3"}),
        Row("implementation-class", "begins", "2.25.", {"implementation-class": "2.25.1234"}),
        Row("version-name", "begins", "OFFIS_DCMTK_36", {"version-name": "OFFIS_DCMTK_366"}),
        Row("version-name", "contains", "SYNGO", {"version-name": "MR_SYNGO_VE11"}),
        Row("version-name", "lacking", "", {"version-name": ""}),
    ]
    rows += exactly("identity-type", ("1", "2", "3", "4", "5"))
    rows += [
        Row("identity", "is", "admin", {"identity": "admin", "identity-type": "1"}),
        Row("identity", "empty", "", {"identity": "", "identity-type": "2"}),
        Row("identity-asks-response", "is", "1", {"identity-asks-response": "1"}),
    ]
    rows += exactly("asynchronous", ("0,0", "1,1", "2,2", "16,1"))
    rows += [
        Row("roles", "contains", f"{STORAGE}7 scp", {"roles": f"{STORAGE}7 scp"}, ("find", "get", "move", "echo")),
        Row("extended", "given", "", {"extended": f"{QR}2.1"}),
        Row("common-extended", "given", "", {"common-extended": f"{STORAGE}7"}),
        Row("maximum-length", "is", "0", {"maximum-length": "0"}),
        Row("maximum-length", "above", "1000000", {"maximum-length": "4194304"}),
        Row("maximum-length", "below", "8192", {"maximum-length": "4096"}),
        Row("contexts", "above", "1", {"contexts": "3"}),
        Row("contexts", "above", "64", {"contexts": "100"}),
        Row("first-context", "above", "1", {"first-context": "3"}),
        Row("protocol-version", "is", "3", {"protocol-version": "3"}),
        Row("protocol-version", "above", "1", {"protocol-version": "65535"}),
        Row("tls", "is", "TLSv1.2", {"tls": "TLSv1.2"}),
        Row("connection", "every", "10", {}),
        Row("connection", "every", "50", {}),
    ]
    rows += [*server_names(), *exactly("alpn", ("dicom", "acr-nema", "h2", "http/1.1"))]
    rows += exactly("transfer-syntaxes", ("1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.90", "1.2.840.10008.1.2.5"))
    rows += [
        Row("abstract-syntaxes", "is", f"{STORAGE}{n}", {"abstract-syntaxes": f"{STORAGE}{n}"})
        for n in ("2", "4", "104.1")
    ]
    rows += exactly("abstract-syntaxes", ("1.2.840.10008.1.1", "1.2.840.10008.1.20.1", "1.2.840.10008.5.1.4.31"))
    return [*rows, *_models("abstract-syntaxes")]


def titles() -> list[Row]:
    """Shapes of a calling AE title, for a base that has none of a known node to show."""
    return [
        Row("same-titles", "is", "yes", {"calling": "{called}"}),
        *exactly(
            "calling", ("ORTHANC", "DCM4CHEE", "STORESCU", "ANY-SCP", "ADMIN", "PACS", "WORKSTATION", "CT01", "ROUTER")
        ),
        Row("calling", "begins", "ADMIN", {"calling": "ADMIN-7"}),
        Row("calling", "contains", "PACS", {"calling": "MYPACS2"}),
        Row("calling", "begins", "{all}", {"calling": "{all}X"}),
        Row("calling-as-sent", "begins", " ", {"calling-as-sent": " {all}"}),
        Row("calling", "alike", "{all}", {"calling": "{all:lower}"}),
        Row("calling", "fits", "[0-9]+", {"calling": "1234"}),
        Row("calling", "fits", ".{16}", {"calling": "ABCDEFGHIJKLMNOP"}),
        Row("calling", "fits", r"[0-9]+(\.[0-9]+){3}", {"calling": "127.0.0.1"}),
    ]


def server_names() -> list[Row]:
    return exactly("sni", ("localhost", "pacs", "admin.example", "internal.example", "127-0-0-1.example", "archive"))


def _models(fact: str) -> list[Row]:
    rows = [Row(fact, "is", uid, {"sop-class": uid}, ("find",), uid) for uid in FURTHER_MODELS]
    return rows + [Row(fact, "is", uid, {"sop-class": uid}, (goal,), uid) for uid, goal in RETRIEVE.items()]


def message() -> list[Row]:
    patient = {"level": "PATIENT", "sop-class": f"{QR}1.1"}
    rows = [Row("level", "is", each, {"level": each}, ("find", "get", "move")) for each in LEVELS[1:]]
    rows += [Row("level", "is", "PATIENT", patient, ("find",)), *_models("sop-class")]
    rows += [
        Row("sop-class", "is", f"{STORAGE}{n}", {"sop-class": f"{STORAGE}{n}"}, ("store",)) for n in ("2", "4", "7")
    ]
    rows += [Row("message", "is", n, {"message": n}) for n in ("2", "3", "5")]
    rows += [
        Row("message", "above", "1", {"message": "2"}),
        Row("message", "every", "4", {"message": "4"}),
        Row("message", "is", "2", {"message": "2", "echo-first": "yes"}),
        Row("message-id", "above", "255", {"message-id": "300"}),
        Row("message-id", "is", "0", {"message-id": "0"}),
        Row("message-syntax", "is", "1.2.840.10008.1.2.1", {"message-syntax": "1.2.840.10008.1.2.1"}),
    ]
    return rows + exactly("priority", ("high", "low")) + keys()


def keys() -> list[Row]:
    asked = ("find", "too-many")
    return [
        Row("key-kinds", "is", "wildcard", {"key:PatientName": "SYN*"}, asked),
        Row("key-kinds", "is", "universal", {"key:PatientName": "*"}, asked),
        Row("key-kinds", "is", "universal", {}, asked),
        Row("key-kinds", "is", "range", {"key:StudyDate": "19990101-20300101"}, ("find",)),
        Row("key-kinds", "is", "single", {"key:PatientID": "SYNTHETIC-1"}, ("find",)),
        Row("key:PatientName", "given", "", {"key:PatientName": "S*"}, asked),
        Row("key:AccessionNumber", "given", "", {"key:AccessionNumber": "A1"}, ("find",)),
        Row("key:StudyDate", "given", "", {"key:StudyDate": "20000101"}, asked),
    ]


def limit() -> list[Row]:
    patient = {"level": "PATIENT", "sop-class": f"{QR}1.1"}
    root = {"sop-class": f"{QR}1.1"}
    rows = [Row("level", "is", each, {"level": each}) for each in LEVELS[1:]]
    rows += [Row("level", "is", "PATIENT", patient), Row("sop-class", "is", f"{QR}1.1", root)]
    rows += [Row("message", "above", "1", {"message": "2"}), *exactly("priority", ("high", "low"))]
    return rows + [row for row in keys() if not row.goals or "too-many" in row.goals]


def stored() -> list[Row]:
    rows = [Row("sop-class", "is", f"{STORAGE}{n}", {"sop-class": f"{STORAGE}{n}"}) for n in ("2", "4", "7")]
    rows += exactly("message-syntax", ("1.2.840.10008.1.2", "1.2.840.10008.1.2.1"))
    return rows + exactly("priority", ("high", "low")) + exactly("originator", ("ADMIN", "{all}"))


def storage() -> list[Row]:
    return [Row("sop-class", "is", STORAGE + n, {"sop-class": STORAGE + n}) for n in UNDECLARED]


def destination() -> list[Row]:
    names = ("STORESCP", "BACKUP", "CTWS2", "RESEARCH", "OLDPACS", "{all}", "{query}", "{called}", "DR-MILLER", "TEST")
    rows = exactly("destination", names)
    return [
        *rows,
        Row("destination", "begins", "WS", {"destination": "WS-17"}),
        Row("destination", "alike", "{receiver}", {"destination": "{receiver:lower}"}),
        Row("destination", "fits", r"[0-9.]+", {"destination": "10.0.0.7"}),
    ]


def _header(name: str, value: str, relation: str = "is", tested: str | None = None) -> Row:
    return Row(f"header:{name}", relation, value if tested is None else tested, {f"header:{name}": value})


def web() -> list[Row]:
    rows = [_header("user-agent", each) for each in AGENTS]
    rows += [
        _header("user-agent", "kube-probe/1.30", "begins", "kube-probe"),
        _header("user-agent", "-", "lacking", ""),
    ]
    for name in (
        "x-forwarded-for",
        "x-real-ip",
        "x-client-ip",
        "true-client-ip",
        "cf-connecting-ip",
        "x-originating-ip",
    ):
        rows += [_header(name, "127.0.0.1"), _header(name, "10.1.2.3", "begins", "10."), _header(name, "::1")]
    rows += [
        _header("forwarded", "for=127.0.0.1", "contains", "127.0.0.1"),
        _header("x-forwarded-for", "192.168.1.4", "begins", "192.168."),
        _header("x-forwarded-host", "localhost"),
        _header("x-forwarded-proto", "https"),
        _header("x-forwarded-port", "8042"),
        _header("x-original-url", "/app/", "given", ""),
        _header("x-rewrite-url", "/app/", "given", ""),
        _header("x-http-method-override", "OPTIONS"),
        _header("x-http-method-override", "GET", "given", ""),
        _header("x-requested-with", "XMLHttpRequest"),
        _header("x-ssl-client-verify", "SUCCESS"),
        _header("ssl-client-verify", "SUCCESS"),
        _header("x-ssl-client-s-dn", "CN=admin", "given", ""),
        _header("x-client-cert", "x", "given", ""),
        _header("host", "localhost"),
        _header("host", "127.0.0.1"),
        _header("host", "localhost:8042", "begins", "localhost"),
        _header("host", "archive"),
        _header("host", "", "empty", ""),
        _header("referer", "https://localhost/app/explorer.html", "contains", "/app/"),
        _header("referer", "https://localhost/", "given", ""),
        _header("origin", "https://localhost"),
        _header("origin", "null"),
        _header("cookie", "session=1", "given", ""),
        _header("cookie", "authenticated=true", "contains", "authenticated=true"),
        _header("cookie", "JSESSIONID=0", "contains", "JSESSIONID"),
        _header("content-type", "application/json"),
        _header("content-type", "application/x-www-form-urlencoded"),
        _header("range", "bytes=0-", "given", ""),
        _header("accept-language", "de", "begins", "de"),
        _header("upgrade", "websocket"),
        _header("authorization", "Basic Og=="),
        _header("authorization", "Basic YWRtaW46", "begins", "Basic YWRtaW4"),
        _header("authorization", "Bearer x", "begins", "Bearer "),
        _header("authorization", "Bearer"),
        _header("authorization", "Bearer eyJhbGciOiJub25lIn0.e30.", "contains", "eyJhbGciOiJub25lIn0"),
        _header("authorization", "Digest username=\"admin\"", "begins", "Digest"),
        _header("authorization", "Negotiate TlRMTVNTUAAB", "begins", "Negotiate"),
        _header("authorization", "x", "given", ""),
    ]  # fmt: skip
    for name in ("remote-user", "x-remote-user", "x-forwarded-user", "x-auth-request-user", "x-webauth-user", "x-user"):
        rows += [_header(name, "admin", "given", ""), _header(name, "admin")]
    for kind in (
        "application/json",
        "application/dicom+json",
        "application/dicom",
        "image/jpeg",
        "text/html",
        "text/plain",
    ):
        rows.append(_header("accept", kind))
    for name in ("token", "access_token", "api_key", "key", "debug", "admin", "user", "format", "callback"):
        rows += [
            Row(f"query:{name}", "given", "", {f"query:{name}": "x"}),
            Row(f"query:{name}", "is", "1", {f"query:{name}": "1"}),
        ]
    rows += [
        Row("http", "is", "HTTP/1.0", {"http": "HTTP/1.0"}),
        Row("requests", "every", "10", {}),
        Row("requests", "every", "50", {}),
        Row("request", "is", "2", {"request": "2"}, WITHOUT_BODY),
        Row("request", "above", "2", {"request": "3"}, WITHOUT_BODY),
        Row("raw-path", "ends", "/", {"raw-path": "{path}/"}),
        Row("raw-path", "contains", "//", {"raw-path": "/{path}"}),
        Row("raw-path", "contains", ";", {"raw-path": "{path};x=y"}),
        Row("raw-path", "contains", "..", {"raw-path": "/x/..{path}"}),
        Row("raw-path", "contains", "/./", {"raw-path": "/.{path}"}),
        Row("raw-path", "contains", "%", {"raw-path": "{escaped}"}),
        Row("spelling", "is", "other", {"raw-path": "/%2e{path}"}),
        Row(
            "method",
            "is",
            "HEAD",
            {"method": "HEAD"},
            ("qido", "study", "instance", "system", "patients", "ui", "metrics"),
        ),
    ]
    return rows


PLACES = {
    "association": association,
    "titles": titles,
    "sni": server_names,
    "message": message,
    "limit": limit,
    "stored": stored,
    "storage": storage,
    "destination": destination,
    "web": web,
}
