"""Argentina: codes and names as studies use them; no chart is prescribed by law."""

CHART = (
    ("1.1.01", "Caja", "asset", "cash"),
    ("1.1.02", "Bancos", "asset", "bank"),
    ("1.1.03", "Valores a acreditar de medios de cobro", "asset", "clearing"),
    ("1.1.04", "Deudores por servicios", "asset", "receivable"),
    ("1.1.05", "Retenciones sufridas", "asset", "withholdings"),
    ("2.1.01", "IVA débito fiscal", "liability", "vat_payable"),
    ("2.1.02", "Percepciones a depositar", "liability", "other_taxes_payable"),
    ("3.1.01", "Saldos iniciales", "equity", "opening"),
    ("4.1.01", "Ventas de servicios", "income", "income"),
    ("5.1.01", "Comisiones de medios de cobro", "expense", "fees"),
    ("5.1.02", "Diferencias de redondeo", "expense", "rounding"),
)
