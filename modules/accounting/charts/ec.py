"""Ecuador: codes in the order of the chart of the Superintendencia de Compañías."""

CHART = (
    ("1.01.01.01", "Caja", "asset", "cash"),
    ("1.01.01.02", "Bancos", "asset", "bank"),
    ("1.01.02.09", "Recaudaciones por acreditar", "asset", "clearing"),
    ("1.01.02.05", "Cuentas por cobrar a clientes", "asset", "receivable"),
    ("1.01.05.02", "Retenciones en la fuente recibidas", "asset", "withholdings"),
    ("2.01.07.01", "IVA por pagar", "liability", "vat_payable"),
    ("2.01.07.02", "ICE y otros impuestos por pagar", "liability", "other_taxes_payable"),
    ("3.06.01", "Saldos iniciales", "equity", "opening"),
    ("4.01.02", "Prestación de servicios", "income", "income"),
    ("5.02.03.01", "Comisiones de recaudación", "expense", "fees"),
    ("5.02.04.01", "Diferencias de redondeo", "expense", "rounding"),
)
