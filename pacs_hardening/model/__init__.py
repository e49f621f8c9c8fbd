"""The vocabulary of the suite: frozen dataclasses that import nothing of ours."""

from .audit import AuditRecord
from .configuration import Configuration
from .control import (
    Control,
    Impact,
    Severity,
    control,
    control_of,
    twins,
)
from .finding import (
    WORST_FIRST,
    BadInput,
    Comparison,
    Finding,
    Inapplicable,
    Missing,
    NotPermitted,
    Past,
    Run,
    Status,
    Stranger,
    Undeclared,
    Unmeasurable,
    Unnamed,
    Unserved,
    Verdict,
    Violation,
    by_control,
)
from .hl7 import Hl7
from .peers import Endpoint, Identity, KeyPair, Node, Secret, User
from .planted import SampleStudy
from .research import Folder, Research
from .target import Target
from .verdict import NotAsked, judge, key_of
from .webrequest import WebRequest

__all__ = [
    "WORST_FIRST",
    "AuditRecord",
    "BadInput",
    "Comparison",
    "Configuration",
    "Control",
    "Endpoint",
    "Finding",
    "Folder",
    "Hl7",
    "Identity",
    "Impact",
    "Inapplicable",
    "KeyPair",
    "Missing",
    "Node",
    "NotAsked",
    "NotPermitted",
    "Past",
    "Research",
    "Run",
    "SampleStudy",
    "Secret",
    "Severity",
    "Status",
    "Stranger",
    "Target",
    "Undeclared",
    "Unmeasurable",
    "Unnamed",
    "Unserved",
    "User",
    "Verdict",
    "Violation",
    "WebRequest",
    "by_control",
    "control",
    "control_of",
    "judge",
    "key_of",
    "twins",
]  # fmt: skip
