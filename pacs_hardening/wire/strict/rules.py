"""What the standard asks of a peer, rule by rule, and what raises where one is violated."""

from __future__ import annotations

from enum import Enum


class Rule(Enum):
    """The ``clause`` of the standard, and ``how`` bytes violate it."""

    PDU_TYPE = "PS3.8 9.3.1", "unknown PDU type"
    PDU_HEADER_CUT = "PS3.8 9.3.1", "a PDU header is cut off"
    PDU_CUT = "PS3.8 9.3.1", "a PDU is cut off"
    SHORT_PDU_LENGTH = "PS3.8 9.3.1", "a PDU of another length than 4 bytes"
    ASSOCIATE_LENGTH = "PS3.8 9.3.2", "an A-ASSOCIATE PDU of a length that it cannot have"
    P_DATA_LENGTH = "PS3.8 9.3.5", "a P-DATA-TF of a length that it cannot have"
    ITEM_OVERRUNS = "PS3.8 9.3.2", "an item runs past the end of the PDU"
    ITEM_OVERRUNS_CONTEXT = "PS3.8 9.3.2.2", "an item runs past the end of its presentation context"
    ITEM_OVERRUNS_USER = "PS3.8 9.3.2.3", "a sub-item runs past the end of the user information"
    FIXED_PART = "PS3.8 9.3.2", "shorter than its fixed part"
    PROTOCOL_VERSION = "PS3.8 9.3.2", "protocol version 1 is not offered"
    ITEMS = "PS3.8 9.3.2", "items missing, repeated, unknown, or in another order"
    APPLICATION_CONTEXT = "PS3.7 A.2.1", "another application context"
    CONTEXT_IDS = "PS3.8 9.3.2.2", "presentation context IDs not odd and distinct"
    AE_TITLE = "PS3.5 6.2", "no AE title"
    UID_OF_CONTEXT = "PS3.8 9.3.2.2", "no UID in a presentation context"
    UID_OF_IMPLEMENTATION = "PS3.7 D.3.3.2", "no UID of an implementation class"
    UID_OF_EXTENSION = "PS3.7 D.3.3.5", "no UID in an extended negotiation"
    UID_OF_ROLE = "PS3.7 D.3.3.4", "no UID in a role selection"
    UID_OF_INSTANCE = "PS3.7 9.3.1", "no UID of an instance"
    CONTEXT_FIXED_PART = "PS3.8 9.3.2.2", "a presentation context without its fixed part"
    CONTEXT_SYNTAXES = "PS3.8 9.3.2.2", "not one abstract syntax and then transfer syntaxes"
    TRANSFER_SYNTAXES = "PS3.8 9.3.2.2", "transfer syntaxes repeated, or more of them than there are"
    SUB_ITEMS = "PS3.7 D.3.3", "sub-items missing or repeated"
    SUB_ITEM_ORDER = "PS3.7 D.3.3", "sub-items unknown or in another order"
    SUB_ITEM_LENGTH = "PS3.7 D.3.3", "a sub-item of a length that it cannot have"
    VERSION_NAME = "PS3.7 D.3.3.2", "implementation version name of a wrong length"
    MAXIMUM_LENGTH = "PS3.8 D.1", "a maximum length that holds no PDV"
    FIELD_OVERRUNS = "PS3.7 D.3.3", "a field runs past the end of its sub-item"
    ROLES = "PS3.7 D.3.3.4", "roles other than 0 and 1, or none"
    IDENTITY_TYPE = "PS3.7 D.3.3.7", "a user identity of no known type"
    IDENTITY_FIELDS = "PS3.7 D.3.3.7", "fields of a user identity missing or too many"
    PDV_LENGTH = "PS3.8 9.3.5.1", "a PDV whose length does not fit"
    CONTROL_HEADER = "PS3.8 E.2", "a message control header with other bits"
    PDV_ODD = "PS3.8 9.3.1", "a PDV of odd length"
    COMMAND_CUT = "PS3.7 6.3.1", "a command element is cut off"
    COMMAND_ELEMENTS = "PS3.7 6.3.1", "command elements out of group or order, repeated, odd, or too long"
    GROUP_LENGTH = "PS3.7 E.1", "the command group length is missing or wrong"
    COMMAND_US = "PS3.7 E.1", "a command element missing or no US"
    COMMAND_UNKNOWN = "PS3.7 E.1", "an element that no command has"
    NO_REQUEST = "PS3.7 E.1", "a command field of no request"
    OTHER_SERVICE = "PS3.7 9.3", "no service of this SOP class"
    MESSAGE_ID = "PS3.7 9.3", "no message ID"
    OTHER_CLASS = "PS3.7 9.3", "a SOP class that is not that of the presentation context"
    PRIORITY = "PS3.7 9.3", "no priority"
    DATA_ANNOUNCED = "PS3.7 9.3", "a data set announced where there is none, or the reverse"
    DATA_SET_END = "PS3.5 7.1", "bytes behind the end of the data set"
    VALUE = "PS3.5 6.2", "a value of a form that it cannot have"
    NESTING = "PS3.5 7.5", "sequences nested deeper than any IOD nests them"
    DELIMITER_LENGTH = "PS3.5 7.5", "a delimiter with a length"
    ELEMENTS = "PS3.5 7.1", "elements repeated, out of order, or of a group that no data set has"
    ITEM_OPEN = "PS3.5 7.5", "an item that is never closed"
    NO_ITEM = "PS3.5 7.5", "something that is no item in a sequence"
    SEQUENCE_OPEN = "PS3.5 7.5", "a sequence that is never closed"
    ELEMENT_CUT = "PS3.5 7.1", "an element header is cut off"
    ELEMENT_LENGTH = "PS3.5 7.1", "an element of odd length, or one that runs past the end"
    AFTER_END = "PS3.8 9.2", "a PDU after the association has ended"
    STA2 = "PS3.8 9.2", "a PDU that has no place before any association (Sta2)"
    CALLED_TITLE = "PS3.8 9.3.4", "another called AE title"
    NEGOTIATED_LENGTH = "PS3.8 D.1", "a P-DATA-TF longer than was negotiated"
    STA6 = "PS3.8 9.2", "a PDU that has no place on an association (Sta6)"
    RELEASE_WITHIN = "PS3.7 7.2", "a release in the middle of a message"
    CONTEXT_NOT_ACCEPTED = "PS3.8 9.3.5.1", "a presentation context that was not accepted"
    INTERLEAVED = "PS3.8 E.2", "fragments of two messages interleaved"
    COMMAND_DUE = "PS3.8 E.2", "a command where the data set is due, or the reverse"
    QUERY_LEVEL = "PS3.4 C.4.1", "a query without level"
    MESSAGE_OPEN = "PS3.8 E.2", "a message that is never finished"
    LEFT = "PS3.8 9.2", "leaves without release or abort"

    def __init__(self, clause: str, how: str) -> None:
        self.clause, self.how = clause, how

    def is_of(self, clause: str) -> bool:
        """Of the clause, or of what it is divided into."""
        return self.clause == clause or self.clause.startswith((f"{clause} ", f"{clause}."))


def rules(clause: str) -> frozenset[Rule]:
    return frozenset(rule for rule in Rule if rule.is_of(clause))


class Invalid(Exception):
    """``rule`` is the one that the bytes violate. ``incomplete``: more bytes might have mended it."""

    def __init__(self, rule: Rule, detail: str = "", *, incomplete: bool = False) -> None:
        self.rule, self.incomplete = rule, incomplete
        super().__init__(f"{rule.clause}: {rule.how}" + (f": {detail}" if detail else ""))
