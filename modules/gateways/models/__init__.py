"""Tables of gateways: accounts at them, what they told, what was opened and sent there, and the money itself."""

from modules.gateways.models.accounts import Account, PayerCode
from modules.gateways.models.checkouts import Checkout
from modules.gateways.models.files import DebtLine, File, FileProblem
from modules.gateways.models.inbox import Alias, HeldAgain, Notice, Transaction
from modules.gateways.models.links import LinkMark, WithheldWay
from modules.gateways.models.plans import FilePlan
from modules.gateways.models.refunds import RefundRequest
from modules.gateways.models.settling import BankLine, Settlement
from modules.gateways.models.told import Told

__all__ = ["Account", "Alias", "BankLine", "Checkout", "DebtLine", "File", "FilePlan", "FileProblem", "HeldAgain",
           "LinkMark", "Notice", "PayerCode", "RefundRequest", "Settlement", "Told", "Transaction", "WithheldWay"]
