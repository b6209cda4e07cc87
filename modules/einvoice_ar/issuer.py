"""Argentina's entry in the port `issuers`."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from modules.einvoice.ports import AtAuthority, Explanation, Opened
from modules.einvoice_ar import bridge, explanations, guide, questions
from modules.einvoice_ar.numbering import SequenceWorker


class ArgentineIssuer:
    """Documents authorised by ARCA with a CAE."""

    def open(self, invoice_ids: Sequence[int]) -> list[Opened]:
        """Requests of these invoices, from a handful of selects."""
        return bridge.open_invoices(invoice_ids)

    def work(self, sequence_id: int, keep: Callable[[], None]) -> None:
        """Send what is pending, batch after batch."""
        SequenceWorker(sequence_id, keep).run()

    def last_number(self, environment: str, series: str, kind: str) -> int:
        """ARCA's last number of a point of sale and kind."""
        return int(questions.ask(environment, lambda wsfe: wsfe.last_number(int(series), int(kind))))

    def find(self, environment: str, series: str, kind: str, number: int) -> AtAuthority | None:
        """One document as ARCA has it."""
        found = questions.ask(environment, lambda wsfe: wsfe.find(int(series), int(kind), number))
        if found is None:
            return None
        return AtAuthority(found.number, found.code, found.total, found.date, f"{found.doc_kind} {found.doc_number}")

    def legal_number(self, series: str, kind: str, number: int) -> str:
        """Letter, point of sale, number: "B 0003-00000119"."""
        return guide.legal_number(series, kind, number)

    def kind_name(self, kind: str) -> str:
        """As ARCA names it."""
        return guide.kind_name(int(kind))

    def explain(self, code: str, message: str) -> Explanation:
        """ARCA's refusal in our words."""
        return explanations.explanation(code, message)
