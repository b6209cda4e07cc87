"""Perú: códigos del Plan Contable General Empresarial."""

CHART = (
    ("101", "Caja", "asset", "cash"),
    ("1041", "Cuentas corrientes operativas", "asset", "bank"),
    ("103", "Efectivo en tránsito: recaudación por acreditar", "asset", "clearing"),
    ("1212", "Facturas y boletas por cobrar", "asset", "receivable"),
    ("40114", "IGV: régimen de retenciones", "asset", "withholdings"),
    ("40111", "IGV: cuenta propia", "liability", "vat_payable"),
    ("4018", "Otros impuestos por pagar", "liability", "other_taxes_payable"),
    ("5911", "Saldos iniciales", "equity", "opening"),
    ("7041", "Prestación de servicios", "income", "income"),
    ("6391", "Comisiones de recaudación", "expense", "fees"),
    ("6595", "Diferencias de redondeo", "expense", "rounding"),
)
