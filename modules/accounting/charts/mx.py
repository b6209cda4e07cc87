"""México: códigos agrupadores del SAT (Anexo 24 de la Resolución Miscelánea Fiscal)."""

CHART = (
    ("101.01", "Caja y efectivo", "asset", "cash"),
    ("102.01", "Bancos nacionales", "asset", "bank"),
    ("107.05", "Otros deudores: cobranza por acreditar", "asset", "clearing"),
    ("105.01", "Clientes nacionales", "asset", "receivable"),
    ("113.08", "Impuestos retenidos por clientes", "asset", "withholdings"),
    ("208.01", "IVA trasladado", "liability", "vat_payable"),
    ("208.02", "IEPS trasladado", "liability", "other_taxes_payable"),
    ("304.01", "Saldos iniciales", "equity", "opening"),
    ("401.01", "Ventas y servicios gravados", "income", "income"),
    ("701.10", "Comisiones de cobranza", "expense", "fees"),
    ("703.21", "Diferencias de redondeo", "expense", "rounding"),
)
