"""What the authority says of a document, in our words: by the issuer of its country."""

from __future__ import annotations

from typing import Any

from modules.einvoice.models import Document
from modules.einvoice.ports import Explanation, issuers


def refusal(document: Document) -> Explanation:
    """Our words for the first problem and the field to mend; what was found here already speaks for itself."""
    problem: dict[str, str] = (document.problems or [{}])[0]
    issuer = issuers.find(document.country)
    found = issuer.explain(document.cause, problem.get("message", "")) if issuer else Explanation("")
    if "field" in problem:
        return Explanation("", problem["field"] or found.field)
    return found


def remarks(document: Document) -> list[tuple[dict[str, str], str]]:
    """What the authority said together with its yes, each with our words for it."""
    issuer = issuers.find(document.country)
    return [(one, issuer.explain(one["code"], one["message"]).text if issuer else "")
            for one in document.observations or ()]


def kind_name(row: Any) -> str:
    """The law's name of the kind of a document or sequence."""
    issuer = issuers.find(row.country)
    return issuer.kind_name(row.kind) if issuer and row.kind else row.kind
