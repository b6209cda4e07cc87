"""The tables of arrears: rules and calendar; what was done; promises, proofs and cut-offs."""

from modules.arrears.models.deeds import Batch, BatchItem, Cut, Deed
from modules.arrears.models.relief import Promise, Proof
from modules.arrears.models.rules import ArrearsPolicy, Day, Moratorium

__all__ = ["ArrearsPolicy", "Batch", "BatchItem", "Cut", "Day", "Deed", "Moratorium", "Promise", "Proof"]
