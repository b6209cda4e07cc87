"""The script that a person applies once on a router: who is cut sees the notice, and may pay. Pure.

The form with spaces works in RouterOS 6 and 7. Rules stand before fasttrack and the established connections; applying
it again replaces what bears our mark, and touches nothing else.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Sequence

from modules.networking.ports import Access

RULE = "comment=abona:rule"


def script(access: Access, allowed: Sequence[str], portal: str) -> str:
    """Address lists, rules and profile. `allowed` are names and addresses that a cut subscriber reaches."""
    return "\n".join([*_head(), *_lists(access, allowed), *_filter(access, "ip"), *_redirect(access, portal),
                      *(_filter(access, "ipv6") if access.has_ipv6 else ()), *_profile(access), *_open(access)]) + "\n"


def _head() -> Iterator[str]:
    yield "# Abona: what cut subscribers see. Read it before you apply it; it may be applied again."
    for menu in ("/ip firewall filter", "/ip firewall nat", "/ip firewall address-list", "/ipv6 firewall filter"):
        yield f":do {{ {menu} remove [find comment=\"abona:rule\"] }} on-error={{}}"


def _lists(access: Access, allowed: Sequence[str]) -> Iterator[str]:
    for one in allowed:
        yield f"/ip firewall address-list add list=abona-allowed address={one} {RULE}"


def _filter(access: Access, family: str) -> Iterator[str]:
    """The first rule of all is the place: in front of it, in this order."""
    cut = f"src-address-list={access.cut_list}"
    rules = ["action=accept " + cut + " dst-address-list=abona-allowed"] if family == "ip" else []
    rules += [f"action=accept {cut} protocol=udp dst-port=53", f"action=accept {cut} protocol=tcp dst-port=53",
              f"action=reject reject-with=tcp-reset protocol=tcp {cut}", f"action=drop {cut}"]
    yield f"# {family}: these stand before fasttrack and the established connections"
    menu = f"/{family} firewall filter"
    for rule in rules:
        yield (f":if ([:len [{menu} find chain=forward and dynamic=no and !(comment=\"abona:rule\")]] > 0) do={{ "
               f"{menu} add chain=forward {rule} {RULE} place-before=[:pick [{menu} find chain=forward and dynamic=no "
               f"and !(comment=\"abona:rule\")] 0] }} else={{ {menu} add chain=forward {rule} {RULE} }}")
    if family == "ip":
        yield "# what is fasttracked passes by all rules: who is cut must not be"
        yield f"{menu} set [find action=fasttrack-connection] src-address-list=!{access.cut_list}"


def _redirect(access: Access, portal: str) -> Iterator[str]:
    """Port 80 of who is cut goes to the notice; where the portal has no address but a name, a person enters it."""
    try:
        address = str(ipaddress.ip_address(portal))
    except ValueError:
        yield f"# write the address of {portal or 'the portal'} into the next line, and take the mark away"
        address = "ADDRESS"
    mark = "# " if address == "ADDRESS" else ""
    yield (f"{mark}/ip firewall nat add chain=dstnat action=dst-nat protocol=tcp dst-port=80 "
           f"src-address-list={access.cut_list} dst-address-list=!abona-allowed to-addresses={address} to-ports=80 "
           f"{RULE}")


def _profile(access: Access) -> Iterator[str]:
    yield (f":if ([:len [/ppp profile find name={access.cut_profile}]] = 0) do={{ /ppp profile add "
           f"name={access.cut_profile} address-list={access.cut_list} rate-limit=512k/512k {RULE} }}")


def _open(access: Access) -> Iterator[str]:
    """Who is cut while this is applied keeps what he has open; from then on Abona closes it with each cut."""
    yield "# what those who are cut already have open went past the rules: it is closed"
    yield (f":foreach entry in=[/ip firewall address-list find list={access.cut_list}] do={{ :local cut [/ip firewall "
           "address-list get $entry address]; /ip firewall connection remove [find src-address~(\"^\" . $cut . "
           "\"(:|\\$)\")] }")
