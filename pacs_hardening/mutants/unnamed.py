"""The second table: what no list of dimensions names, by chance or because nobody thinks of it.

It was written from what else an implementation sees of a peer, and not from what the controls vary.
"""

from __future__ import annotations

from .mutant import Row


def association() -> list[Row]:
    return [
        Row("reserved", "is-not", "00" * 32, {"reserved": "01" + "00" * 31}),
        Row("reserved", "begins", "41", {"reserved": "41" * 32}),
        Row("order", "is", "falling", {"order": "falling", "contexts": "3"}),
        Row("last-context", "is", "255", {"last-context": "255"}),
        Row("first-context", "is", "101", {"first-context": "101"}),
        Row(
            "syntaxes-of-first",
            "above",
            "3",
            {"transfer-syntaxes": "1.2.840.10008.1.2.1 1.2.840.10008.1.2.2 1.2.840.10008.1.2.4.50"},
        ),
        Row("syntaxes-of-first", "is", "2", {"transfer-syntaxes": "1.2.840.10008.1.2.1"}),
        Row("transfer-syntaxes", "begins", "1.3.", {"transfer-syntaxes": "1.3.46.670589.33.1.4.1"}),
        Row("bytes", "above", "2000", {"contexts": "40"}),
        Row("cipher", "contains", "CHACHA20", {"cipher": "ECDHE+CHACHA20"}),
        Row("cipher", "contains", "AES128", {"cipher": "ECDHE+AES128+AESGCM"}),
        Row("maximum-length", "every", "1000", {"maximum-length": "64000"}),
        Row("maximum-length", "is", "16378", {"maximum-length": "16378"}),
        Row("maximum-length", "is", "16384", {"maximum-length": "16384"}),
        Row("version-name", "fits", "[a-z]+", {"version-name": "monitor"}),
        Row("version-name", "ends", " ", {"version-name": "GATEWAY "}),
        Row("version-name", "is", "TEST", {"version-name": "TEST"}),
        Row("implementation-class", "ends", ".99", {"implementation-class": "1.2.3.99"}),
        Row(
            "implementation-class",
            "fits",
            ".{40,}",
            {"implementation-class": "1.2.826.0.1.3680043.8.498.45787841905188114249"},
        ),
        Row("identity", "contains", "@", {"identity": "service@hospital.example", "identity-type": "1"}),
        Row("identity", "contains", "\\\\", {"identity": "DOMAIN\\\\user", "identity-type": "1"}),
        Row("passcode", "fits", "[0-9]{4}", {"identity": "x", "passcode": "0000"}),
        Row("asynchronous", "is", "3,3", {"asynchronous": "3,3"}),
        Row("connection", "every", "7", {}),
        Row("protocol-version", "is", "257", {"protocol-version": "257"}),
        Row(
            "abstract-syntaxes",
            "begins",
            "1.2.276.0.",
            {"abstract-syntaxes": "1.2.276.0.7230010.3.4.1915765545.18030.917282194.0"},
        ),
        Row("abstract-syntaxes", "begins", "1.2.840.113619.", {"abstract-syntaxes": "1.2.840.113619.4.26"}),
    ]


def message() -> list[Row]:
    find = ("find", "too-many")
    return [
        Row("key:ModalitiesInStudy", "is", "CT", {"key:ModalitiesInStudy": "CT"}, ("find",)),
        Row("key:ReferringPhysicianName", "given", "", {"key:ReferringPhysicianName": "A*"}, ("find",)),
        Row("key:PatientBirthDate", "given", "", {"key:PatientBirthDate": "19700101"}, ("find",)),
        Row("key:StudyDescription", "contains", "test", {"key:StudyDescription": "test"}, ("find",)),
        Row("key:PatientID", "begins", "0", {"key:PatientID": "007"}, ("find",)),
        Row("character-set", "is", "ISO_IR 192", {"character-set": "ISO_IR 192"}, find),
        Row("character-set", "is", "ISO_IR 100", {"character-set": "ISO_IR 100"}, find),
        Row("private", "above", "0", {"private": "1"}, find),
        Row("sequences", "above", "0", {"sequences": "1"}, find),
        Row("attributes", "above", "12", {"attributes": "14"}, find),
        Row("originator", "given", "", {"originator": "ROUTER"}, ("store", "overwrite")),
        Row("instance", "begins", "1.2.276.", {"instance": "1.2.276.0.99.7"}, ("store",)),
        Row("instance", "begins", "1.3.", {"instance": "1.3.6.1.4.1.99.7"}, ("store",)),
        Row("key:Manufacturer", "is", "ACME", {"key:Manufacturer": "ACME"}, ("store", "overwrite")),
        Row("key:InstitutionName", "given", "", {"key:InstitutionName": "TEST"}, ("store", "overwrite")),
        Row("key:Modality", "is", "PR", {"key:Modality": "PR"}, ("store", "overwrite")),
        Row("message-id", "is", "7", {"message-id": "7"}),
        Row("message-id", "every", "100", {"message-id": "200"}),
        Row("context", "above", "1", {"first-context": "5"}),
        Row("length", "above", "300", {"attributes": "40"}, find),
    ]


def web() -> list[Row]:
    def header(name: str, value: str, relation: str = "given", tested: str = "") -> Row:
        return Row(f"header:{name}", relation, tested, {f"header:{name}": value})

    return [
        Row("header-names", "is", "accept", {"header-names": "accept"}),
        Row("header-names", "is", "X-Debug", {"header-names": "X-Debug"}),
        Row("first-header", "is", "Accept", {"first-header": "accept"}),
        Row("headers", "above", "20", {"headers": "24"}),
        Row("headers", "below", "3", {"header:accept": "-", "header:user-agent": "-"}),
        header("dnt", "1"),
        header("te", "trailers"),
        header("via", "1.1 proxy"),
        header("from", "admin@hospital.example"),
        header("x-csrf-token", "x"),
        header("x-api-version", "2"),
        header("x-correlation-id", "00000000-0000-0000-0000-000000000000", "begins", "00000000-"),
        header("traceparent", "00-0-0-00"),
        header("x-amzn-trace-id", "Root=1"),
        header("x-scheme", "https"),
        header("sec-fetch-site", "same-origin", "is", "same-origin"),
        header("sec-fetch-mode", "navigate", "is", "navigate"),
        header("sec-ch-ua-mobile", "?1", "is", "?1"),
        header("if-none-match", '"x"'),
        header("if-modified-since", "Thu, 01 Jan 1970 00:00:00 GMT"),
        header("accept-encoding", "br", "is", "br"),
        header("accept-charset", "utf-8"),
        header("cache-control", "no-cache", "is", "no-cache"),
        header("pragma", "no-cache"),
        header("connection", "keep-alive", "is", "keep-alive"),
        header("purpose", "prefetch"),
        header("save-data", "on"),
        header("x-wap-profile", "x"),
        header("x-healthcheck", "1"),
        header("x-internal", "1"),
        header("proxy-authorization", "Basic Og=="),
        header("accept", "application/xml", "contains", "xml"),
        header("user-agent", "Java/17.0.9", "begins", "Java/"),
        header("user-agent", "", "empty"),
        header("authorization", "ApiKey x", "begins", "ApiKey"),
        header("authorization", "basic x", "begins", "basic"),
        header("cookie", "lang=de", "contains", "lang="),
        Row("query", "contains", "limit=1", {"query:limit": "1"}),
        Row(
            "query:includefield", "is", "all", {"query:includefield": "all"}, ("qido", "qido-series", "qido-instances")
        ),
        Row("query:_", "given", "", {"query:_": "1700000000"}),
        Row("query:offset", "given", "", {"query:offset": "0"}),
        Row("query:lang", "given", "", {"query:lang": "en"}),
        Row("query", "ends", "=", {"query:x": ""}),
        Row("requests", "every", "7", {}),
    ]


PLACES = {"association": association, "message": message, "web": web}
