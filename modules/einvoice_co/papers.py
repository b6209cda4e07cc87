"""Colombia's entry in the port `papers`: the signed document, the AttachedDocument, Siigo's JSON as it was sent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from core.exact_json import read
from core.i18n import lazy
from modules.einvoice.files import ANSWER, REPLY, REQUEST, XML, JsonPapers, Kept, Papers
from modules.einvoice.models import Document
from modules.einvoice_co.bridge import BY_SIIGO


class ColombianPapers(Papers):
    """The law wants the AttachedDocument kept: the signed document with the DIAN's ApplicationResponse."""

    kinds = {**Papers.kinds, XML: lazy("Signed XML"),
             ANSWER: lazy("AttachedDocument with the DIAN's ApplicationResponse (The Factory HKA)")}

    def said(self, document: Document) -> Iterator[Kept]:
        """Of The Factory HKA under the names of its SOAP service, of Siigo as the JSON that it speaks."""
        if not document.series.startswith(BY_SIIGO):
            yield from super().said(document)
            return
        for one in (REQUEST, REPLY):
            words: Mapping[str, Any] = (document.request if one == REQUEST else document.response) or {}
            if words:
                yield JsonPapers().as_file(one, {name: _opened(value) for name, value in words.items()})


def _opened(value: Any) -> Any:
    """What is kept as the very text of a JSON body, readable."""
    if not (isinstance(value, str) and value[:1] == "{"):
        return value
    try:
        return read(value)
    except ValueError:
        return value
