"""Colombia: codes of the Plan Único de Cuentas (Decreto 2650 de 1993)."""

CHART = (
    ("110505", "Caja general", "asset", "cash"),
    ("111005", "Bancos: moneda nacional", "asset", "bank"),
    ("138095", "Deudores varios: recaudos por acreditar", "asset", "clearing"),
    ("130505", "Clientes nacionales", "asset", "receivable"),
    ("135515", "Retención en la fuente", "asset", "withholdings"),
    ("240805", "Impuesto sobre las ventas por pagar", "liability", "vat_payable"),
    ("249595", "Otros impuestos por pagar", "liability", "other_taxes_payable"),
    ("370505", "Saldos iniciales", "equity", "opening"),
    ("414580", "Servicios de telecomunicaciones", "income", "income"),
    ("530515", "Comisiones de recaudo", "expense", "fees"),
    ("539595", "Ajuste al peso", "expense", "rounding"),
)
