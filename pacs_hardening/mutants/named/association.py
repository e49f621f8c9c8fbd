"""What a peer says when it opens an association, and how it may call itself."""

from __future__ import annotations

from ..mutant import Row, exactly
from .services import QR, STORAGE, models

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
    return [*rows, *models("abstract-syntaxes")]


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
