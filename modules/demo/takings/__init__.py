"""Money that comes through the gateways of the made-up companies: their simulators are paid, and the product hears it.

`before` is what happened in the days before the demonstration was loaded, `now` what happens after this month's bills.
"""
