"""The actions that this module puts on record, in words."""

from __future__ import annotations

from core.i18n import lazy

WORDS = {
    "gateways.answer_debt_file": lazy("The gateway answered to a file of debts"),
    "gateways.bank_line_again": lazy("Movement of the bank opened again"),
    "gateways.bank_line_aside": lazy("Movement of the bank set aside"),
    "gateways.change_terms": lazy("Fees and bank account of a gateway changed"),
    "gateways.payout_in_bank": lazy("Payout of a gateway found in the bank"),
    "gateways.assign_payment": lazy("Payment of a gateway given to a customer"),
    "gateways.bring_answer": lazy("Answer to a file of debts brought"),
    "gateways.change_environment": lazy("Gateway taken into production, or back"),
    "gateways.create_account": lazy("Gateway added"),
    "gateways.give_back": lazy("Money given back through a gateway"),
    "gateways.import_file": lazy("File of payments imported"),
    "gateways.look_at_payment": lazy("Payment of a gateway looked at"),
    "gateways.make_debt_file": lazy("File of debts made"),
    "gateways.match_reversal": lazy("Payment chosen that a gateway took back"),
    "gateways.offer_way": lazy("Way to pay offered to a customer, or not"),
    "gateways.plan_debt_files": lazy("Plan of files of debts changed"),
    "gateways.revoke_links": lazy("Payment links revoked"),
    "gateways.send_debt_file": lazy("File of debts sent"),
    "gateways.set_payer_code": lazy("Payment code of a customer set"),
    "gateways.switch_account": lazy("Gateway switched on or off"),
    "gateways.take_debt_file": lazy("File of debts downloaded"),
    "gateways.try_notice": lazy("Notice of a gateway tried again"),
    "gateways.unlock_debt_file": lazy("File of debts made while payments of the former were not in"),
    "gateways.set_aside": lazy("Payment of a gateway set aside"),
    "gateways.undo_file": lazy("File of payments taken back"),
    "gateways.withdraw_debt_file": lazy("File of debts withdrawn"),
}
