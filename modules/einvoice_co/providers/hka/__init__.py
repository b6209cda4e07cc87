"""The Factory HKA Colombia: SOAP, the company numbers, the provider signs and transmits to the DIAN."""
