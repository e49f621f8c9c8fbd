"""The vocabulary of the suite: frozen dataclasses that import nothing of ours."""

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
from .target import Door, Folder, Identity, KeyPair, Node, Research, Secret, Specimen, Target, User

__all__ = [
    "BadInput", "Control", "Door", "Finding", "Folder", "Identity", "Impact", "Inapplicable", "KeyPair", "Missing",
    "Node", "NotPermitted", "Research", "Run", "Secret", "Severity", "Specimen", "Status", "Target", "Unmeasurable",
    "Unserved", "User", "Verdict", "Violation", "by_control", "control", "control_of", "judge",
]  # fmt: skip
