"""Codes of this module and what people call them. Pure."""

from __future__ import annotations

from core.i18n import lazy

ON, CUT, GONE = "on", "cut", "gone"
STATES = {ON: (lazy("in service"), "ok"), CUT: (lazy("cut off"), "bad"), GONE: (lazy("no longer served"), "mute")}
# what was read last: "" is nothing yet
APPLIED = {"": (lazy("not read yet"), "mute"), **STATES}
# contract state -> what its connection should be
OF_CONTRACT = {"active": ON, "suspended": CUT, "ended": GONE, "cancelled": GONE, "draft": GONE}
STANDINGS = {"new": (lazy("not tested yet"), "warn"), "ok": (lazy("answers"), "ok"),
             "away": (lazy("does not answer"), "bad"), "stopped": (lazy("waits for you"), "bad")}
TLS = {"tls_pinned": lazy("TLS, the certificate of the first contact"),
       "tls_ca": lazy("TLS, signed by an authority of yours"),
       "tls_anonymous": lazy("TLS without certificate: encrypted, nobody proves who he is"),
       "plain": lazy("not encrypted: through a tunnel only")}
METHODS = {
    "pppoe_profile": lazy("PPPoE: another profile"), "pppoe_disable": lazy("PPPoE: secret off"),
    "address_list": lazy("Address list of the firewall"), "queue": lazy("Simple queue: very slow"),
    "lease": lazy("DHCP lease: list of addresses"), "hotspot": lazy("Hotspot: user off"),
}
CHANGE_STATES = {"sending": (lazy("sent, no answer yet"), "info"), "done": (lazy("done"), "ok"),
                 "refused": (lazy("refused"), "bad"), "unknown": (lazy("no answer came"), "warn")}
ACTIONS = {"restore": lazy("restored"), "cut": lazy("cut off"), "speed": lazy("speed"),
           "kick": lazy("session thrown off"), "set_up": lazy("set-up")}
DIFFERENCES = {
    "": "", "missing": lazy("not on the router"), "still_on": lazy("should be cut and is on"),
    "still_cut": lazy("should be on and is cut"), "speed": lazy("another speed"),
    "twice": lazy("twice on the router"), "dynamic": lazy("made by the router itself, cannot be changed"),
    "no_former": lazy("nobody knows its profile from before the cut"),
    "address_moved": lazy("its address is somebody else's now"), "refused": lazy("the router refused it"),
}
CAUSES = {
    "": "", "linked": lazy("linked with the router"), "activated": lazy("the service began"),
    "plan": lazy("another plan"), "suspended:arrears": lazy("cut for debt"),
    "suspended:request": lazy("the subscriber asked for it"), "suspended:other": lazy("service suspended"),
    "moved": lazy("the contract hangs elsewhere now"),
    "restored": lazy("restored"), "ended": lazy("the contract ended"), "checked": lazy("found by the nightly check"),
}
# by code of what stopped a router: what to do
CURES = {
    "fingerprint": lazy("Find out why its certificate changed. If it is yours, accept the new one."),
    "bad_login": lazy("Enter the user and password that the router has."),
    "no_rights": lazy("Give the user of the router the rights read, write and api."),
    "other_router": lazy("Look whether the router was exchanged or the address leads elsewhere. If it is right, accept "
                         "what it is now."),
    "guard": lazy("Look at the router: it may have been reset. If what is listed is right, let all of it be applied."),
    "setting": lazy("Correct its settings."),
}
# back-off of a router that does not answer, in minutes; then every hour
BACK_OFF = (1, 2, 5, 15, 60)


def wait_minutes(failures: int) -> int:
    """How long to wait after so many failures in a row."""
    return BACK_OFF[min(max(failures, 1), len(BACK_OFF)) - 1]
