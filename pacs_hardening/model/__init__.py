"""The vocabulary of the suite: frozen dataclasses that import nothing of ours."""

from .audit import AuditRecord
from .control import Control, Impact, Severity, control, control_of
from .finding import (
    BadInput,
    Finding,
    Inapplicable,
    Missing,
    NotPermitted,
    Run,
    Status,
    Unmeasurable,
    Unserved,
    Verdict,
    Violation,
    by_control,
    judge,
)
from .target import Configuration, Door, Identity, KeyPair, Node, Secret, Specimen, Target, User, WebRequest

__all__ = [
    "AuditRecord", "BadInput", "Configuration", "Control", "Door", "Finding", "Identity", "Impact", "Inapplicable",
    "KeyPair",
    "Missing", "Node", "NotPermitted", "Run", "Secret", "Severity", "Specimen", "Status", "Target", "Unmeasurable",
    "Unserved", "User", "Verdict", "Violation", "WebRequest", "by_control", "control", "control_of", "judge",
]  # fmt: skip
