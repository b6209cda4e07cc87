"""The two ways to the DIAN, one folder each: The Factory HKA and Siigo. What is plugged in is in handlers.py."""
