"""The four operations of the API, and what SUNAT decides behind them."""

from __future__ import annotations

import csv
import datetime as dt
import json
import re
import sqlite3
import uuid
from decimal import Decimal
from functools import lru_cache
from typing import Any

from modules.einvoice_pe.simulator import papers
from modules.einvoice_pe.simulator.faults import Refused
from modules.einvoice_pe.simulator.reading import Values
from modules.einvoice_pe.simulator.rules import BOLETA, CREDITO, DATA, check
from modules.einvoice_pe.simulator.settings import Config
from modules.einvoice_pe.simulator.store import Store

DEMO_LIMIT = 50
DEMO_FULL = ("No puedes enviar mas de 50 documentos en en una cuenta DEMO, ingresa a tu cuenta y elimina tus "
             "comprobantes.")
# a customer's name that makes SUNAT decide: SIM RECHAZO 2335, SIM OBSERVADO 4014, SIM EXCEPCION 0109
_SCRIPT = re.compile(r"SIM (?:RECHAZO|OBSERVADO|EXCEPCION) (\d{4})")
ANNUL_DAYS = 7


@lru_cache(maxsize=1)
def sunat_words() -> dict[str, str]:
    """SUNAT's words by return code."""
    with (DATA / "sunat_errores.csv").open(encoding="utf-8", newline="") as file:
        return {row["codigo"]: row["mensaje"] for row in csv.DictReader(file)}


class Operations:
    """Issues, answers and annuls documents of one store."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def issue(self, values: Values, account: sqlite3.Row, config: Config, base: str) -> dict[str, Any]:
        """generar_comprobante."""
        today = config.now().date()
        series = frozenset(json.loads(account["series"]))
        check(values, series, today, config.days_back, lambda kind, code, number: self._known(
            account, kind, code, number))
        self._check_free(values, account)
        row = self.register(values, account, config)
        return self.answer(self.decide(row, config), account, config, base)

    def _known(self, account: sqlite3.Row, kind: int, series: str, number: int) -> bool:
        return self.store.document(account["route"], kind, series, number) is not None

    def _check_free(self, values: Values, account: sqlite3.Row) -> None:
        if self.store.document(account["route"], *_key(values)) is not None:
            raise Refused(23)
        unique = values.text("codigo_unico")
        if unique and self.store.row("SELECT 1 FROM document WHERE route = ? AND unique_code = ?", account["route"],
                                     unique):
            raise Refused(23)
        count = self.store.row("SELECT COUNT(*) AS count FROM document WHERE route = ?", account["route"])
        if account["mode"] == "demo" and count and count["count"] >= DEMO_LIMIT:
            raise Refused(21, DEMO_FULL)

    def register(self, values: Values, account: sqlite3.Row, config: Config, foreign: bool = False) -> sqlite3.Row:
        """Keep a document; it is signed and has hash and QR from now on."""
        kind, series, number = _key(values)
        code = papers.digest(papers.xml(values, account))
        self.store.insert("document", {
            "key": str(uuid.uuid4()), "route": account["route"], "kind": kind, "series": series, "number": number,
            "unique_code": values.text("codigo_unico"), "request": json.dumps(values.data, default=str),
            "created": config.now().timestamp(), "hash": code, "qr": papers.qr(values, account, code),
            "foreign_program": int(foreign)})
        found = self.store.document(account["route"], kind, series, number)
        assert found is not None
        return found

    def consult(self, values: Values, account: sqlite3.Row, config: Config, base: str) -> dict[str, Any]:
        """consultar_comprobante."""
        row = self._find(values, account)
        self.store.rows("UPDATE document SET asked = asked + 1 WHERE key = ?", row["key"])
        return self.answer(self.decide(self._again(row), config), account, config, base)

    def _find(self, values: Values, account: sqlite3.Row) -> sqlite3.Row:
        found = self.store.document(account["route"], *_key(values))
        if found is None:
            raise Refused(24)
        return found

    def _again(self, row: sqlite3.Row) -> sqlite3.Row:
        found = self.store.row("SELECT * FROM document WHERE key = ?", row["key"])
        assert found is not None
        return found

    # --- SUNAT ---------------------------------------------------------------------------------------

    def decide(self, row: sqlite3.Row, config: Config) -> sqlite3.Row:
        """What SUNAT says of a document by now; once said, it stays."""
        if row["code"] is not None:
            return row
        values = Values(json.loads(row["request"]))
        if not values.truth("enviar_automaticamente_a_la_sunat") or not self._due(row, values, config):
            return row
        code = self._code(row, values, config)
        if code.isdecimal() and 100 <= int(code) < 2000:  # an exception: not registered, Nubefact tries again
            self.store.rows("UPDATE document SET note = ? WHERE key = ?", f"!{code}", row["key"])
            return self._again(row)
        name = f"{papers.NAMES[row['kind']]} numero {row['series']}-{row['number']}"
        words, note = f"La {name}, ha sido aceptada", None
        if code != "0":
            text = sunat_words().get(code, "")
            words, note = (words, f"{code} - {text}") if int(code) >= 4000 else (text, None)
        self.store.rows("UPDATE document SET code = ?, description = ?, note = ? WHERE key = ?", code, words, note,
                       row["key"])
        return self._again(row)

    def _due(self, row: sqlite3.Row, values: Values, config: Config) -> bool:
        of_boleta = row["kind"] == BOLETA or (row["kind"] >= CREDITO and values.integer(
            "documento_que_se_modifica_tipo") == BOLETA)
        if not of_boleta:
            return bool(row["asked"] >= config.factura_consults)
        old = config.boleta_seconds is not None and (
            config.now().timestamp() - row["created"] >= config.boleta_seconds)
        return old or bool(row["asked"] >= config.boleta_consults)

    def _code(self, row: sqlite3.Row, values: Values, config: Config) -> str:
        scripted = config.decisions.get(f"{row['kind']}-{row['series']}-{row['number']}")
        named = _SCRIPT.search(values.text("cliente_denominacion").upper())
        return scripted or (named[1] if named else self._of_note(row, values))

    def _of_note(self, row: sqlite3.Row, values: Values) -> str:
        """A note on a document that SUNAT does not have, has rejected or annulled is rejected."""
        if row["kind"] < CREDITO:
            return "0"
        found = self.store.document(row["route"], values.integer("documento_que_se_modifica_tipo"),
                                    values.text("documento_que_se_modifica_serie"),
                                    values.integer("documento_que_se_modifica_numero"))
        if found is None or found["code"] is None:
            return "2119"
        if found["voided"]:
            return "2120"
        return "2121" if 2000 <= int(found["code"]) < 4000 else "0"

    # --- annulment -------------------------------------------------------------------------------------

    def annul(self, values: Values, account: sqlite3.Row, config: Config, base: str) -> dict[str, Any]:
        """generar_anulacion."""
        row = self._find(values, account)
        if not values.text("motivo") or len(values.text("motivo")) > 100:
            raise Refused(21, "motivo no puede estar en blanco ni tener más de 100 caracteres")
        if row["code"] is None or 2000 <= int(row["code"]) < 4000:
            raise Refused(21, "El documento aún no ha sido aceptado por la SUNAT")
        if self.store.row("SELECT 1 FROM voiding WHERE document = ?", row["key"]):
            raise Refused(21, "El documento ya fue comunicado de baja")
        issued = Values(json.loads(row["request"])).date("fecha_de_emision")
        if issued is None or config.now().date() > issued + dt.timedelta(days=ANNUL_DAYS):
            raise Refused(21, "El documento no puede ser anulado, han pasado más de 7 días desde su emisión")
        count = self.store.row("SELECT COUNT(*) AS count FROM voiding")
        number = (count["count"] if count else 0) + 1
        self.store.insert("voiding", {"document": row["key"], "ticket": f"{1494358661331 + number}", "number": number,
                                      "reason": values.text("motivo")})
        return self._voiding(row, config, base)

    def consult_annulment(self, values: Values, account: sqlite3.Row, config: Config, base: str) -> dict[str, Any]:
        """consultar_anulacion."""
        row = self._find(values, account)
        if self.store.row("SELECT 1 FROM voiding WHERE document = ?", row["key"]) is None:
            raise Refused(24)
        self.store.rows("UPDATE voiding SET asked = asked + 1 WHERE document = ?", row["key"])
        return self._voiding(row, config, base)

    def _voiding(self, row: sqlite3.Row, config: Config, base: str) -> dict[str, Any]:
        found = self.store.row("SELECT * FROM voiding WHERE document = ?", row["key"])
        assert found is not None
        code = config.decisions.get(f"anulacion-{row['kind']}-{row['series']}-{row['number']}", "0")
        decided = found["asked"] >= config.void_consults
        accepted = decided and code == "0"
        if accepted and not found["accepted"]:
            self.store.rows("UPDATE voiding SET accepted = 1 WHERE document = ?", row["key"])
            self.store.rows("UPDATE document SET voided = 1 WHERE key = ?", row["key"])
        link = f"{base}/anulacion/{row['key']}"
        words = sunat_words().get(code, "") if code != "0" else "La comunicacion de baja ha sido aceptada"
        return {
            "numero": found["number"], "enlace": link, "sunat_ticket_numero": found["ticket"],
            "aceptada_por_sunat": accepted, "sunat_description": words if decided else None, "sunat_note": None,
            "sunat_responsecode": code if decided else None, "sunat_soap_error": "", "enlace_del_pdf": f"{link}.pdf",
            "enlace_del_xml": f"{link}.xml", "enlace_del_cdr": f"{link}.cdr"}

    # --- answers ---------------------------------------------------------------------------------------

    def answer(self, row: sqlite3.Row, account: sqlite3.Row, config: Config, base: str) -> dict[str, Any]:
        """What generation and consult answer alike."""
        link = f"{base}/cpe/{row['key']}"
        accepted = row["code"] is not None and not 2000 <= int(row["code"]) < 4000
        exception = str(row["note"] or "").removeprefix("!") if str(row["note"] or "").startswith("!") else ""
        decided = row["code"] is not None
        found: dict[str, Any] = {
            "tipo_de_comprobante": row["kind"], "serie": row["series"], "numero": row["number"], "enlace": link,
            "aceptada_por_sunat": accepted,
            "sunat_description": sunat_words().get(exception, "") if exception else row["description"],
            "sunat_note": None if exception else row["note"], "sunat_responsecode": exception or row["code"],
            "sunat_soap_error": "", "anulado": bool(row["voided"]), "pdf_zip_base64": None, "xml_zip_base64": None,
            "cdr_zip_base64": None, "cadena_para_codigo_qr": row["qr"], "codigo_hash": row["hash"],
            "codigo_de_barras": row["qr"], "key": row["key"], "digest_value": row["hash"],
            "enlace_del_pdf": f"{link}.pdf", "enlace_del_xml": f"{link}.xml",
            "enlace_del_cdr": f"{link}.cdr" if decided else None}
        if config.zips:
            found |= {f"{kind}_zip_base64": papers.in_base64(content)
                      for kind in ("pdf", "xml", "cdr") if (content := self.paper(row["key"], kind))}
        return {**found, "invoice": dict(found)}

    def paper(self, key: str, kind: str) -> bytes | None:
        """The file behind a link; None where there is none."""
        row = self.store.row("SELECT * FROM document WHERE key = ?", key)
        account = self.store.row("SELECT * FROM account WHERE route = ?", row["route"]) if row else None
        if row is None or account is None:
            return None
        values = Values(json.loads(row["request"], parse_float=Decimal))
        name = f"{account['ruc']}-{papers.SUNAT_TYPES[row['kind']]}-{row['series']}-{row['number']}"
        if kind == "xml":
            return papers.xml(values, account)
        if kind == "pdf":
            return papers.page(values, account)
        return papers.cdr(name, row["code"], row["description"] or "") if row["code"] is not None else None


def _key(values: Values) -> tuple[int, str, int]:
    return values.integer("tipo_de_comprobante"), values.text("serie"), values.integer("numero")


