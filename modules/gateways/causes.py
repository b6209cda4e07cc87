"""Why a payment waits for a person, and what to do about it."""

from __future__ import annotations

from typing import Any

from core.i18n import lazy

UNKNOWN_REFERENCE, OTHER_CURRENCY, AMOUNT_DIFFERS = "unknown_reference", "other_currency", "amount_differs"
TEST_PAYMENT, NOT_TAKEN, REVERSAL_FIRST, REVERSAL_TOO_LARGE = ("test_payment", "not_taken", "reversal_first",
                                                               "reversal_too_large")
REVERSAL_OF_NONE, REVERSAL_OF_SEVERAL = "reversal_of_none", "reversal_of_several"
CONTRADICTED = "contradicted"
CONTRADICTS_US, MISCONFIGURED, NEVER_TOLD = "contradicts_us", "misconfigured", "never_told"
# booked all the same, but worth a look
PAID_TWICE, CLOSED_DEBT, DISPUTED = "paid_twice", "closed_debt", "disputed"

# what asks for a look at something booked, the most urgent first: a dispute has a last day
URGENCY = (DISPUTED, CONTRADICTED, REVERSAL_TOO_LARGE, PAID_TWICE, CLOSED_DEBT)

WORDS_OF_REVERSAL = lazy("The gateway took it back")

# cause -> (what it is, what to do)
WORDS: dict[str, tuple[Any, Any]] = {
    UNKNOWN_REFERENCE: (lazy("Nobody here has this code"),
                        lazy("Choose whose it is; the suggestions have the same name, document or amount.")),
    OTHER_CURRENCY: (lazy("Paid in a currency that is not the debt's"),
                     lazy("It is never converted by itself. Record it by hand in its currency, or set it aside.")),
    AMOUNT_DIFFERS: (lazy("Another amount than the page asked for"),
                     lazy("Compare with the gateway's own screen. If the money is there, book what was paid.")),
    TEST_PAYMENT: (lazy("Made with test keys"),
                   lazy("No money came. Set it aside; for real payments use production keys, and take the account into "
                        "production.")),
    NOT_TAKEN: (lazy("The books did not take it"), lazy("Mend what the remark says, then book it.")),
    REVERSAL_FIRST: (lazy("Taken back, but the payment was never seen"),
                     lazy("It is settled by itself when the payment comes. After three days ask the gateway.")),
    REVERSAL_OF_NONE: (lazy("Taken back, but no payment fits"),
                       lazy("The gateway does not say which payment it takes back. When one of this customer and "
                            "amount comes it is settled by itself; else choose the payment.")),
    REVERSAL_OF_SEVERAL: (lazy("Taken back, and several payments fit"),
                          lazy("The gateway does not say which payment it takes back. Choose it.")),
    REVERSAL_TOO_LARGE: (lazy("More taken back than was paid"), lazy("Compare with the gateway's own screen.")),
    CONTRADICTED: (lazy("The gateway contradicts itself"),
                   lazy("What it says now does not fit what it said before. Compare with its own screen.")),
    CONTRADICTS_US: (lazy("What the gateway says does not fit what was asked"),
                     lazy("Nothing is booked by itself. Compare reference, amount and account with the gateway's own "
                          "screen; if the money is there, record it by hand, and set this aside.")),
    MISCONFIGURED: (lazy("The gateway refuses because of the account's settings"),
                    lazy("Nobody can pay this way until it is mended. Compare the settings with what the gateway gave "
                         "you, test them, then set this aside.")),
    NEVER_TOLD: (lazy("The gateway never said what became of it"),
                 lazy("Look at the gateway's own screen. If the money is there, record it by hand, and set this "
                      "aside.")),
    PAID_TWICE: (lazy("Paid twice"),
                 lazy("The second payment is in favour of the customer. Give it back, or leave it.")),
    CLOSED_DEBT: (lazy("Nothing was owed any more"), lazy("It is in favour of the customer.")),
    DISPUTED: (lazy("The payer disputes it"),
               lazy("Nothing moves until the gateway decides. Answer the claim on its own screen, in time, with what "
                    "shows that the service was given.")),
}


def more_urgent(known: str, cause: str) -> str:
    """Of what a person was asked to look at, and what asks now, the one that cannot wait; "" asks for nothing."""
    return min((one for one in (known, cause) if one), key=URGENCY.index, default="")
