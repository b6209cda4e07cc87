"""Both providers misbehaving at random: every document is there once, and no number is missing."""

from __future__ import annotations

import pytest

from tests.modules.einvoice_co.test_issuer import documents, issue, use, work

FAULTS = ({"fault": "lost_answer", "rate": 0.2, "seed": 1}, {"fault": "error_500", "rate": 0.2, "seed": 2},
          {"fault": "garbage", "rate": 0.15, "seed": 3},
          {"fault": "timeout_before", "rate": 0.1, "seed": 4, "seconds": 0.01})
# a token refused twice in a row stops the sequence: seldom enough that it does not
OWN = {"hka": ({"fault": "error_103", "rate": 0.1, "seed": 5}, {"fault": "pending_201", "rate": 0.2, "seed": 6},
               {"fault": "rule_90", "rate": 0.1, "seed": 7}),
       "siigo": ({"fault": "error_after", "rate": 0.1, "seed": 5}, {"fault": "stamp_pending", "rate": 0.2, "seed": 6},
                 {"fault": "rate_limited", "rate": 0.1, "seed": 7},
                 {"fault": "token_expired", "rate": 0.02, "seed": 8})}
COUNT = 24


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("provider", ["hka", "siigo"])
def test_everything_is_issued_once(isp, site, frozen, provider):
    use(provider)
    issue(*[10000 + 119 * index for index in range(COUNT)])
    for fault in (*FAULTS, *OWN[provider]):
        site(provider).post("faults", fault)
    for hour in range(15, 40):
        frozen(2026, 11, 3 + hour // 24, hour % 24, 30)
        work(30)
        if hour == 30:
            site(provider).post("faults", {})
        if all(one.state == "authorized" for one in documents()):
            break
    found = documents()
    assert [one.state for one in found] == ["authorized"] * COUNT, [one.problems for one in found if one.problems]
    state = site(provider).state
    assert state["documents_total"] == COUNT
    if provider == "hka":
        assert sorted(one.number for one in found) == list(range(990000000, 990000000 + COUNT))
    else:
        assert sorted(one.data["number"] for one in found) == list(range(22, 22 + COUNT))
    assert {one.authorization_code for one in found} and len({one.authorization_code for one in found}) == COUNT
