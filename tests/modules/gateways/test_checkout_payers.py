"""What a gateway is told of who pays."""

from __future__ import annotations

import datetime as dt

from core.db import db
from modules.crm.drafts import AddressData, CustomerData
from modules.crm.models import Email
from modules.crm.services import create_customer
from modules.gateways import checkouts
from modules.gateways.models import Account, Checkout


def test_the_payer_s_valid_mail_and_the_address_of_his_documents(account: Account) -> None:
    customer = create_customer(
        CustomerData(name="Ana Pérez", code="7", emails=("old@example.com", "ana@example.com"), tax_condition="CF"),
        addresses=[AddressData(street="Gral. Paz", number="1234", city="Río Cuarto", region="X", postal_code="5800")])
    db.session.query(Email).filter_by(address="old@example.com").one().active = False
    row = Checkout(account_id=account.id, account=account, customer_id=customer.id, customer=customer, method="link",
                   reference="ABN-1", amount=1, currency="ARS", expires_at=dt.datetime(2026, 11, 20, tzinfo=dt.UTC))
    payer = checkouts.attempt_of(row).payer
    assert (payer.name, payer.email) == ("Ana Pérez", "ana@example.com")
    assert payer.address == {"street": "Gral. Paz", "number": "1234", "city": "Río Cuarto", "region": "X",
                             "postal_code": "5800"}
