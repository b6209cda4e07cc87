"""The legend that the SAT wants on a printed CFDI (Anexo 20). Its words are fixed and not translated."""

PRINTED = "Este documento es una representación impresa de un CFDI"
