"""What a peer may send, read as strictly as the standard is written. The measure for malformations: whatever this
accepts is no malformation. Nothing here is lenient; a receiver that interoperates has to be.
"""

from .acceptor import Acceptor, judge
from .associate import Request, check_length, request
from .rules import Invalid, Rule, rules

__all__ = ["Acceptor", "Invalid", "Request", "Rule", "check_length", "judge", "request", "rules"]
