"""The vocabulary of the suite: frozen dataclasses that import nothing of ours."""

from .audit import AuditRecord
from .control import Control, Impact, Severity, control, control_of
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
    Unmeasurable,
    Unserved,
    Verdict,
    Violation,
    by_control,
    judge,
)
from .target import (
    Configuration,
    Door,
    Folder,
    Identity,
    KeyPair,
    Node,
    Research,
    Secret,
    Specimen,
    Target,
    User,
    WebRequest,
)

__all__ = [
    "WORST_FIRST", "AuditRecord", "BadInput", "Comparison", "Configuration", "Control", "Door", "Finding", "Folder",
    "Identity", "Impact", "Inapplicable", "KeyPair", "Missing", "Node", "NotPermitted", "Past", "Research", "Run",
    "Secret", "Severity", "Specimen", "Status", "Target", "Unmeasurable", "Unserved", "User", "Verdict", "Violation",
    "WebRequest", "by_control", "control", "control_of", "judge",
]  # fmt: skip
