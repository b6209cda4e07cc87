"""Legends on paper. Those of the SAT (Anexo 20) have fixed words; none is translated."""

PRINTED = "Este documento es una representación impresa de un CFDI"
GATHERED = ("Comprobante de operación con el público en general: forma parte de la factura global del periodo. Si "
            "requiere factura a su nombre, solicítela con su constancia de situación fiscal.")
