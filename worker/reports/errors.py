"""What can be wrong with a report, in words for the person who can mend it."""

from __future__ import annotations


class ReportNotWritten(Exception):
    """Files of a report could not be written; says why and that the old ones stay."""


class RecordRulesNotReady(Exception):
    """The policy asks for properties that companies in the portal do not have."""
