"""A careful dcm4chee-arc-light, and how a rule of lint is made to speak of it, for the tests of lint."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from pacs_hardening.lint import lint
from pacs_hardening.lint.judge import Opening
from pacs_hardening.lint.rules import Rule, holds, load

ROOT = Path(__file__).parents[2]
ARC = "dicomDeviceName=arc,cn=Devices,cn=DICOM Configuration,dc=site,dc=example"
Entries = dict[str, dict[str, list[str]]]
TLS = {
    "dcmTLSProtocol": ["TLSv1.2", "TLSv1.3"],
    "dicomTLSCipherSuite": ["TLS_AES_256_GCM_SHA384", "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"],
}


def good() -> Entries:
    """An archive behind TLS, as entries by what stands before the name of the device."""
    references = {"dicomNetworkConnectionReference": [f"cn=dicom,{ARC}"]}
    return {
        "": {
            "objectClass": ["dicomDevice", "dcmDevice", "dcmArchiveDevice"],
            "dicomDeviceName": ["arc"],
            "dcmTrustStoreURL": ["file:///etc/site/ca.p12"],
            "dcmTrustStorePin": ["${env.PIN}"],
            "dcmLimitOpenAssociations": ["50"],
            "dcmLimitAssociationsInitiatedBy": ["WARD_CT1=4"],
            "dcmShowPatientInfoInSystemLog": ["HASH_NAME_AND_ID"],
            "dcmShowPatientInfoInAuditLog": ["HASH_NAME_AND_ID"],
            "dcmAllowDeletePatient": ["NEVER"],
            "dcmUserIdentityNegotiation": ["NOT_SUPPORTED"],
        },
        "cn=dicom": {
            "objectClass": ["dicomNetworkConnection"],
            "dicomPort": ["2762"],
            "dcmIdleTimeout": ["8000"],
            **TLS,
        },
        "cn=hl7": {
            "objectClass": ["dicomNetworkConnection"],
            "dcmProtocol": ["HL7"],
            "dicomPort": ["12575"],
            "dcmIdleTimeout": ["8000"],
            **TLS,
        },
        "cn=syslog": {"objectClass": ["dicomNetworkConnection"], "dcmProtocol": ["SYSLOG_TLS"], **TLS},
        "dicomAETitle=WARD": {
            "objectClass": ["dicomNetworkAE"],
            "dicomAssociationAcceptor": ["TRUE"],
            "dcmAcceptedCallingAETitle": ["WARD_CT1", "WARD_VIEW"],
            "dcmAcceptedMoveDestination": ["WARD_VIEW"],
            "dcmAcceptedUserRole": ["radiology"],
            "dcmQueryMaxNumberOfResults": ["100"],
            "dcmOverwritePolicy": ["NEVER"],
            **references,
        },
        "hl7ApplicationName=WARD|HOSPITAL": {
            "objectClass": ["hl7Application"],
            "hl7ApplicationName": ["WARD|HOSPITAL"],
            "hl7AcceptedSendingApplication": ["RIS|HOSPITAL"],
            "hl7AcceptedMessageType": ["ADT^A01"],
            "dicomNetworkConnectionReference": [f"cn=hl7,{ARC}"],
        },
        "dcmWebAppName=WARD": {"objectClass": ["dcmWebApp"], "dicomAETitle": ["WARD"], "dcmProperty": ["roles=reader"]},
        "dcmKeycloakClientID=arc": {"objectClass": ["dcmKeycloakClient"], "dcmURI": ["https://login.example"]},
        "cn=Audit": {"objectClass": ["dcmAuditLogger"], "dicomNetworkConnectionReference": [f"cn=syslog,{ARC}"]},
        "dcmStorageID=fs": {"objectClass": ["dcmStorage"], "dcmURI": ["file:///storage"]},
        "dcmExporterID=out": {"objectClass": ["dcmExporter"], "dcmURI": ["dicom:RESEARCH"]},
        "cn=redacted": {
            "objectClass": ["dcmArchiveAttributeCoercion2"],
            "dcmURI": ["deidentify:"],
            "dcmDIMSE": ["C_STORE_RQ"],
            "dicomTransferRole": ["SCP"],
        },
    }  # fmt: skip


OTHERS = """\
dn: uid=ann,ou=users,dc=site,dc=example
objectClass: inetOrgPerson
userPassword: {SSHA}b25l

dn: cn=config
changetype: modify
replace: olcDisallows
olcDisallows: bind_anon
-
replace: olcRequires
olcRequires: authc
-
replace: olcSecurity
olcSecurity: ssf=128
-
replace: olcTLSProtocolMin
olcTLSProtocolMin: 3.3
-
replace: olcTLSVerifyClient
olcTLSVerifyClient: demand

dn: olcDatabase={1}mdb,cn=config
changetype: modify
replace: olcAccess
olcAccess: to * by dn.exact="cn=archive,dc=site" read by * none
-
replace: olcRootPW
olcRootPW: {SSHA}b25l
"""


def written(entries: Entries, others: str = OTHERS) -> str:
    text = ""
    for name, attributes in entries.items():
        lines = [f"{key}: {value}" for key, values in attributes.items() for value in values]
        text += "\n".join([f"dn: {name},{ARC}" if name else f"dn: {ARC}", *lines]) + "\n\n"
    return text + others


def openings(folder: Path, text: str, name: str = "arc.ldif", **asked: bool) -> tuple[Opening, ...]:
    (folder / name).write_text(text)
    return lint(folder / name, **asked).openings


SHIPPED = "dicomDeviceName=dcm4chee-arc,cn=Devices,cn=DICOM Configuration,dc=dcm4che,dc=org"
CANDIDATES = (
    "STORESCU", "WARD*", "roles=admin", "TLSv1", "TLS_RSA_WITH_NULL_SHA", "TLS_RSA_WITH_AES_128_CBC_SHA",
    "secret", "a pass phrase", "*", "ADT^A40", "http://site.example", "to * by * read", "3.1", "nothing at all",
    "HS256", "https://*", "https://site.example/*", "cn=admin,dc=site", "false", "never",
    "-agentlib:jdwp=address=*:8787", "-Djdk.tls.rejectClientInitiatedRenegotiation=false", "ldap:///",
    "keystores/key.p12", "8787", "9990", "8080", "11112", "2575", "389", "5432", "TLSv1 TLSv1.2", "pacs",
)  # fmt: skip
RULES = [rule for rule in load("dcm4chee").rules if rule.key.startswith("device.")]


def bad_value(rule: Rule, attribute: str) -> Any:
    ((kind, wanted),) = rule.when.items()
    if kind == "is":
        first = wanted[0] if isinstance(wanted, list) else wanted
        return str(first).upper() if isinstance(first, bool) and rule in RULES else first
    if kind == "above":
        return wanted + 1
    return next(each for each in CANDIDATES if holds(rule.when, each, attribute))


def said(rule: Rule, found: tuple[Opening, ...]) -> list[Opening]:
    pattern = re.escape(".".join(p for p in rule.key.split(".") if not p.startswith("_"))).replace(r"\*", ".+")
    return [each for each in found if each.opens == rule.opens and re.fullmatch(pattern, each.key)]
