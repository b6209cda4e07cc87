"""The two check digits that end payment codes of SIRO and of Pago Fácil. Pure.

Source: two integrations, and the bank's own generator of bar codes.
"""

from __future__ import annotations


def check_digit(digits: str) -> str:
    """Weights 1, 3, 5, 7, 9, 3, 5, 7, 9 … from the left; half of the sum, its last digit."""
    total = sum(int(digit) * (3 + 2 * ((place - 1) % 4) if place else 1) for place, digit in enumerate(digits))
    return str(total // 2 % 10)


def with_check_digits(digits: str) -> str:
    """The digits and both check digits; the second covers the first."""
    first = digits + check_digit(digits)
    return first + check_digit(first)
