"""A company of Siigo: catalogs, customers, products, invoices and credit notes with their stamps."""

from __future__ import annotations

import datetime as dt
import hashlib
import uuid
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from core.simulators import Faults
from core.simulators.kept import Kept
from modules.einvoice_co.providers.siigo.simulator import rules
from modules.einvoice_co.providers.siigo.simulator.errors import Refused

TEST_KEY = "fc8eac422eba16e22ffd8c6f94b3f40a6e38162c"
# state of the stamp while it is on its way, as seen in practice
ON_ITS_WAY = "Sending"


class Books:
    """All that belongs to one company; `owner` is its user name, `now` the provider's time."""

    def __init__(self, kept: Kept, faults: Faults, owner: str, now: dt.datetime) -> None:
        self.kept, self.faults, self.owner, self.now = kept, faults, owner, now
        self.company: dict[str, Any] = kept.get("company", "", owner)

    def _all(self, kind: str) -> list[dict[str, Any]]:
        return self.kept.all(kind, self.owner)

    def find(self, kind: str, key: str) -> dict[str, Any]:
        """One by its id; not_found."""
        found = self.kept.get(kind, self.owner, key)
        if found is None:
            raise Refused("not_found", "The resource was not found", "id")
        return dict(found)

    def listed(self, kind: str, /, **where: str | None) -> list[dict[str, Any]]:
        """Those whose fields have these values."""
        return [one for one in self._all(kind)
                if all(value is None or str(one.get(name)) == value for name, value in where.items())]

    # --- customers and products ----------------------------------------------------------------------

    def save_customer(self, given: Mapping[str, Any], key: str = "") -> dict[str, Any]:
        """POST, or PUT, which replaces."""
        rules.check_customer(given)
        same = self.listed("customer", identification=str(given["identification"]))
        if not key and same:
            raise Refused("already_exists", "The customer already exists", "identification")
        if key:
            self.find("customer", key)
        made = {**given, "id": key or str(uuid.uuid4()), "branch_office": given.get("branch_office", 0),
                "active": given.get("active", True)}
        self.kept.put("customer", self.owner, made["id"], plain(made))
        return made

    def save_product(self, given: Mapping[str, Any], key: str = "") -> dict[str, Any]:
        """POST, or PUT, which replaces."""
        code = str(rules.needed(given, "code"))
        rules.needed(given, "name")
        rules.needed(given, "account_group")
        if not key and self.listed("product", code=code):
            raise Refused("already_exists", "The product already exists", "code")
        made = {**given, "id": key or str(uuid.uuid4()), "active": given.get("active", True)}
        self.kept.put("product", self.owner, made["id"], plain(made))
        return made

    # --- documents -----------------------------------------------------------------------------------

    def create(self, kind: str, given: Mapping[str, Any]) -> dict[str, Any]:
        """An invoice (FV) or credit note (NC); sent to the DIAN where stamp.send is true."""
        doc_type = rules.document_type(given, kind, self.company["document_types"])
        rules.check_date(given, self.now.date(), doc_type["electronic_type"] != "NoElectronic")
        rules.length(given.get("observations"), 4000, "observations")
        of_note = self._corrected(given) if kind == "NC" else {}
        customer = self._customer(given if kind == "FV" else of_note.get("original") or given)
        if kind == "FV":
            self._check_seller(given)
        items, total = self._figures(given, doc_type)
        number = self._number(given, doc_type)
        made = {"id": str(uuid.uuid4()), "document": {"id": doc_type["id"]}, "prefix": doc_type.get("prefix", ""),
                "number": number, "name": f"{kind}-{doc_type['code']}-{number}", "date": given["date"],
                "customer": {"id": customer["id"], "identification": customer["identification"],
                             "branch_office": customer["branch_office"]},
                "seller": given.get("seller"), "total": total, "balance": total,
                "observations": given.get("observations") or "", "items": items, "payments": given["payments"],
                "kind": kind, "asks": 0, "errors": [], "reason": given.get("reason"),
                "public_url": "https://documentview.siigo.com/document?data=SIMULADOR",
                "metadata": {"created": self.now.isoformat(), "last_updated": None}}
        self._stamp(made, bool((given.get("stamp") or {}).get("send")), customer)
        mailed = bool((given.get("mail") or {}).get("send"))
        made["mail"] = {"status": "sent" if mailed else "not_sent", "observations": ""}
        return self._saved(made)

    def _saved(self, made: dict[str, Any]) -> dict[str, Any]:
        self.kept.put("document", self.owner, made["id"], plain(made))
        return made

    def _figures(self, given: Mapping[str, Any], doc_type: Mapping[str, Any]) -> tuple[list[dict[str, Any]], Decimal]:
        products = {one["code"]: one for one in self._all("product")}
        taxes = {one["id"]: one for one in self.company["taxes"]}
        items, total = rules.items(given, products, taxes, doc_type.get("discount_type", "Value"))
        rules.check_payments(given, total, {one["id"]: one for one in self.company["payment_types"]})
        return items, total

    def _customer(self, given: Mapping[str, Any]) -> dict[str, Any]:
        said = rules.needed(given, "customer")
        found = self.listed("customer", identification=str(rules.needed(said, "identification", "customer.")))
        if not found and "person_type" in said:
            return self.save_customer(said)
        if not found:
            raise Refused("invalid_reference", "The customer does not exist", "customer.identification")
        if not found[0]["active"]:
            raise Refused("parameter_inactive", "The customer is inactive", "customer.identification")
        if not found[0].get("contacts"):
            raise Refused("customer_settings", "The customer has no contacts", "customer")
        return found[0]

    def _check_seller(self, given: Mapping[str, Any]) -> None:
        seller = rules.needed(given, "seller")
        found = next((one for one in self.company["users"] if one["id"] == seller), None)
        if found is None:
            raise Refused("invalid_reference", "The seller does not exist", "seller")
        if not found["active"]:
            raise Refused("parameter_inactive", "The seller is inactive", "seller")

    def _corrected(self, given: Mapping[str, Any]) -> dict[str, Any]:
        reason = rules.needed(given, "reason")
        if reason not in rules.REASONS:
            raise Refused("invalid_range", "The reason is invalid", "reason")
        if given.get("invoice"):
            original = self.kept.get("document", self.owner, str(given["invoice"]))
            if original is None or original["kind"] != "FV":
                raise Refused("invalid_reference", "The invoice does not exist", "invoice")
            if original["stamp"]["status"] != "Accepted":
                raise Refused("entry_service", "The invoice is not accepted by the DIAN", "invoice")
            return {"original": original}
        data = rules.needed(given, "invoice_data")
        if reason == 2:
            for name in ("number", "cufe"):
                rules.needed(data, name, "invoice_data.")
        return {}

    def _number(self, given: Mapping[str, Any], doc_type: dict[str, Any] | Mapping[str, Any]) -> int:
        if not doc_type["automatic_number"]:
            number = int(rules.needed(given, "number"))
            if self.listed("document", number=str(number), name=f"{doc_type['type']}-{doc_type['code']}-{number}"):
                raise Refused("duplicated_document", "The document already exists", "number")
            return number
        if given.get("number"):
            raise Refused("document_settings", "The document type numbers automatically", "number")
        number = int(doc_type["consecutive"])
        types = [{**one, "consecutive": number + 1} if one["id"] == doc_type["id"] else one
                 for one in self.company["document_types"]]
        self.company = {**self.company, "document_types": types}
        self.kept.put("company", "", self.owner, self.company)
        return number

    # --- the DIAN ------------------------------------------------------------------------------------

    def _stamp(self, made: dict[str, Any], send: bool, customer: Mapping[str, Any]) -> None:
        if not send or self.faults.strikes("stamp_draft"):
            made["stamp"] = {"status": "Draft"}
        elif (fault := self.faults.strikes("stamp_rejected")) is not None:
            made["errors"] = [fault.options.get("rule") or (
                "Regla: FAK24, Rechazo: No fue informado el número de identificación del adquiriente.")]
            made["stamp"] = {"status": "Rejected", "observations": "", "errors": "; ".join(made["errors"])}
        elif (fault := self.faults.strikes("stamp_pending")) is not None:
            made["asks"] = int(fault.options.get("asks") or 2)
            made["stamp"] = {"status": ON_ITS_WAY}
            made["later"] = self._accepted(made, customer)
        else:
            made["stamp"] = self._accepted(made, customer)

    def _accepted(self, made: Mapping[str, Any], customer: Mapping[str, Any]) -> dict[str, Any]:
        iva = sum((Decimal(str(tax["value"])) for one in made["items"] for tax in one["taxes"]
                   if tax["type"] == "IVA"), Decimal(0))
        net = Decimal(str(made["total"])) - iva
        text = (f"{made['prefix']}{made['number']}{made['date']}12:00:00-05:00{net:.2f}01{iva:.2f}040.00030.00"
                f"{made['total']:.2f}{self.company['nit']}{customer['identification']}{TEST_KEY}2")
        name = "cufe" if made["kind"] == "FV" else "cude"
        return {"status": "Accepted", name: hashlib.sha384(text.encode()).hexdigest(), "observations": "",
                "errors": ""}

    def read(self, key: str) -> dict[str, Any]:
        """GET of a document: what was on its way arrives after so many questions."""
        found = self.find("document", key)
        if found["asks"] > 0:
            found["asks"] -= 1
            if not found["asks"]:
                found["stamp"] = found.pop("later")
            self.kept.put("document", self.owner, key, found)
        return found

    def edit(self, key: str, given: Mapping[str, Any]) -> dict[str, Any]:
        """PUT of an invoice that was neither accepted nor is on its way; number, type and customer stay."""
        found = self.find("document", key)
        if found["stamp"]["status"] in ("Accepted", ON_ITS_WAY):
            raise Refused("update_not_allowed", "The document was sent to the DIAN", "id")
        if (given.get("document") or {}).get("id", found["document"]["id"]) != found["document"]["id"]:
            raise Refused("non_editable", "The document type cannot be changed", "document.id")
        said = str((given.get("customer") or {}).get("identification", found["customer"]["identification"]))
        if said != found["customer"]["identification"]:
            raise Refused("non_editable", "The customer cannot be changed", "customer")
        doc_type = rules.document_type({"document": found["document"]}, found["kind"], self.company["document_types"])
        items, total = self._figures(given, doc_type)
        made = {**found, "items": items, "total": total, "balance": total, "payments": given["payments"], "errors": [],
                "date": given["date"], "metadata": {**found["metadata"], "last_updated": self.now.isoformat()}}
        self._stamp(made, bool((given.get("stamp") or {}).get("send")), self._customer(
            {"customer": {"identification": said}}))
        return self._saved(made)

    def remove(self, key: str) -> dict[str, Any]:
        """DELETE, only without CUFE."""
        if self.find("document", key)["stamp"]["status"] != "Draft":
            raise Refused("delete_not_allowed", "The document was sent to the DIAN", "id")
        self.kept.delete("document", self.owner, key)
        return {"id": key, "deleted": True}


def plain(value: Any) -> Any:
    """Decimals as texts, for keeping."""
    if isinstance(value, Mapping):
        return {name: plain(one) for name, one in value.items()}
    if isinstance(value, list):
        return [plain(one) for one in value]
    return str(value) if isinstance(value, Decimal) else value
