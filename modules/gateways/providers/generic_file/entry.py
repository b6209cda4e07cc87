"""Plugs in files of any layout."""

from __future__ import annotations

from core.i18n import lazy as _
from modules.gateways import layouts, ports
from modules.gateways.access import Setting
from modules.gateways.providers.asobancaria.entry import REFERENCE_FROM
from modules.gateways.providers.generic_file import mapping

ports.providers.register("generic_file", ports.Provider("generic_file", _("Files of your own layout"), (), (
    Setting("layout_in", _("Layout of payment files"), "json", required=False, check=layouts.trouble,
            help=_("JSON; see “Layouts of files” in the documentation.")),
    Setting("layout_out", _("Layout of debt files"), "json", required=False, check=layouts.trouble),
    Setting("values", _("Values of the account that the layouts name"), "list", required=False,
            check=mapping.bad_values, help=_("One per line, like company=77; a layout calls it account.company.")),
    REFERENCE_FROM,
    Setting("check_digit", _("Add a check digit to references"), "flag", required=False),
    Setting("file_name", _("Name of debt files"), required=False, default=mapping.NAME, check=mapping.bad_name,
            help=_("{date} is the day, {number} the number of the file on that day.")),
), (
    _("Ask the collector for a description of its files and for a sample."),
    _("Write the layout, try it on the sample, and compare count and sum with what the collector says."),
), (), "file", confirmed=False))
ports.payment_files.register("generic_file", mapping.Payments())
ports.debt_files.register("generic_file", mapping.Debts())
