"""Siigo: REST, Siigo numbers, signs and transmits to the DIAN."""
