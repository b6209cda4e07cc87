"""What this module tells."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class DocumentsAuthorized:
    """The authority has these documents now; some may have been handed over before, signed."""

    document_ids: list[int]


@dataclass(frozen=True)
class DocumentRejected:
    """The authority refused these documents; they wait in the tray for a person."""

    document_ids: list[int]
