"""Forms on customers; what is offered follows the country of the company in scope."""

from __future__ import annotations

from typing import Any

from wtforms import FormField

from core.forms import (
    AmountField,
    BooleanField,
    Form,
    InputRequired,
    Length,
    NumberRange,
    Optional,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from core.i18n import LOCALES, _, lazy
from core.scope import current_company
from modules.crm import countries, names, queries, regions
from modules.crm.models import Address, Contact, Customer
from modules.crm.services import AddressData, CustomerData

# Parts of an address that only one country has: key in Address.extra, label.
EXTRA_PARTS: dict[str, tuple[tuple[str, Any], ...]] = {
    "CO": (("divipola", lazy("Municipality code (DIVIPOLA)")), ("estrato", lazy("Estrato (1 to 6)")),
           ("uso", lazy("Use of the place"))),
    "EC": (("cross_street", lazy("Cross street")), ("canton", lazy("Canton"))),
    "MX": (("municipality", lazy("Municipality")),),
    "PE": (("province", lazy("Province")), ("ubigeo", lazy("Ubigeo"))),
}
# Those of them that are chosen, not written: (value, label).
EXTRA_CHOICES: dict[str, tuple[tuple[str, Any], ...]] = {
    "estrato": (("", "—"), *((str(number), str(number)) for number in range(1, 7))),
    "uso": (("", lazy("A home")), ("comercial", lazy("A business, an office or a shop"))),
}
REGION_WORDS = {"AR": lazy("Province"), "EC": lazy("Province"), "CO": lazy("Department"), "MX": lazy("State"),
                "PE": lazy("Department"), "CL": lazy("Region"), "UY": lazy("Department"), "DO": lazy("Province"),
                "BR": lazy("State"), "VE": lazy("State")}
_BESIDE_STREET = {"extra_cross_street"}
ADDRESS_TEXTS = ("street", "number", "unit", "district", "city", "region", "postal_code", "reference")
CUSTOMER_TEXTS = ("name", "trade_name", "kind", "code", "tax_id_kind", "tax_id", "tax_condition", "emails", "phones",
                  "language", "notes")
LANGUAGES = {"es": "Español", "es_AR": "Español (Argentina)", "es_CO": "Español (Colombia)",
             "es_EC": "Español (Ecuador)", "es_MX": "Español (México)", "es_PE": "Español (Perú)",
             "es_DO": "Español (R. Dominicana)", "en": "English", "pt": "Português"}


class AddressForm(Form):
    """One address. Use `address_form` to get the parts of the country too."""

    street = StringField(lazy("Street"), [Length(max=200)])
    number = StringField(lazy("House number"), [Length(max=30)])
    unit = StringField(lazy("Floor, flat"), [Length(max=60)])
    district = StringField(lazy("District"), [Length(max=100)])
    city = StringField(lazy("City"), [Length(max=100)])
    region = StringField(lazy("Province or state"), [Length(max=60)])
    postal_code = StringField(lazy("Postal code"), [Length(max=12)])
    reference = StringField(lazy("How to find it"), [Length(max=300)])
    latitude = AmountField(lazy("Latitude"), [Optional(), NumberRange(-90, 90)], places=6, fine=True)
    longitude = AmountField(lazy("Longitude"), [Optional(), NumberRange(-180, 180)], places=6, fine=True)

    def address(self, kind: str) -> AddressData:
        """What was typed, as the services want it."""
        parts = {key: (self[f"extra_{key}"].data or "").strip() for key in extra_keys()}
        texts = {name: names.tidy(self[name].data) for name in ADDRESS_TEXTS}
        return AddressData(kind=kind, **texts, extra={key: value for key, value in parts.items() if value},
                           latitude=self.latitude.data, longitude=self.longitude.data)

    def in_order(self) -> list[Any]:
        """The fields as an address is written in the country: its own parts stand where they belong."""
        parts = [f"extra_{key}" for key in extra_keys()]
        order = ["street", "number", "unit", *(one for one in parts if one in _BESIDE_STREET), "district", "city",
                 *(one for one in parts if one not in _BESIDE_STREET), "region", "postal_code", "reference", "latitude",
                 "longitude"]
        return [self[name] for name in order]

    def is_sound(self) -> bool:
        """Do coordinates come in pairs, and is the code of the place one of the region? Says so beside the field."""
        trouble = regions.trouble(self.address("service"), current_company().country)
        if trouble:
            self[trouble[0]].errors = [*self[trouble[0]].errors, trouble[1]]
        missing = [one for one, other in ((self.latitude, self.longitude), (self.longitude, self.latitude))
                   if one.data is None and other.data is not None]
        for one in missing:
            one.errors = [*one.errors, _("To keep a place on the map you must give both latitude and longitude.")]
        return not trouble and not missing


def extra_keys() -> list[str]:
    return [key for key, _label in EXTRA_PARTS.get(current_company().country, ())]


def address_class(inside: bool = False) -> type[AddressForm]:
    """The address form with the parts of the company's country; `inside` another form that carries the token."""

    class WithoutToken:
        csrf = False

    country = current_company().country
    found_by_itself = lazy("Left empty, it is found by the names of the place.")
    fields: dict[str, Any] = {
        f"extra_{key}": _chosen(key, label) if key in EXTRA_CHOICES else StringField(
            label, [Length(max=100)], description=found_by_itself if key == regions.PLACE_CODES.get(country) else "")
        for key, label in EXTRA_PARTS.get(country, ())}
    if known := regions.of(country):
        fields["region"] = SelectField(lazy("Province or state"), choices=[("", "—"), *sorted(
            known.items(), key=lambda one: names.fold(one[1]))], validate_choice=False)
    return type("CountryAddressForm", (AddressForm,), fields | ({"Meta": WithoutToken} if inside else {}))


def _chosen(key: str, label: Any) -> SelectField:
    return SelectField(label, default="", choices=list(EXTRA_CHOICES[key]), validate_choice=False)


def _in_words_of_country(form: AddressForm) -> None:
    """The country's word for its regions; a region that is not on its list is offered as it stands."""
    country = current_company().country
    form.region.label.text = REGION_WORDS.get(country, form.region.label.text)
    written = form.region.data or ""
    if regions.of(country) and written and written not in regions.of(country):
        form.region.choices = [*form.region.choices, (written, written)]  # type: ignore[attr-defined]
    for key in (one for one in extra_keys() if one in EXTRA_CHOICES):
        field = form[f"extra_{key}"]
        if field.data and field.data not in dict(EXTRA_CHOICES[key]):  # as it was imported
            field.choices = [*field.choices, (field.data, field.data)]


def address_values(address: Address | None) -> dict[str, Any]:
    """An address as the form's first values."""
    if address is None:
        return {}
    return {name: getattr(address, name) for name in (*ADDRESS_TEXTS, "latitude", "longitude")} | {
        f"extra_{key}": value for key, value in (address.extra or {}).items()}


def address_form(address: Address | None = None) -> AddressForm:
    """The form for one address alone, with its own token."""
    form = address_class()(data=address_values(address))
    _in_words_of_country(form)
    return form


class CustomerForm(Form):
    """A customer's own data."""

    name = StringField(lazy("Name or legal name"), [InputRequired(), Length(max=200)])
    trade_name = StringField(lazy("Trade name"), [Length(max=200)])
    kind = SelectField(lazy("Person or business"), default="", choices=[
        ("", lazy("Decide by the document")), ("person", lazy("Person")), ("business", lazy("Business"))])
    code = StringField(lazy("Code"), [Length(max=30)], description=lazy("Left empty, the next number is taken."))
    tax_id_kind = SelectField(lazy("Document"), default="")
    tax_id = StringField(lazy("Document number"), [Length(max=40)],
                         description=lazy("With or without points and dashes."))
    tax_condition = SelectField(lazy("Tax condition"), default="")
    zone_id = SelectField(lazy("Zone"), default="")
    tag_ids = SelectMultipleField(lazy("Tags"))
    emails = TextAreaField(lazy("E-mail"), [Length(max=1000)],
                           description=lazy("Several with a semicolon or on lines of their own; the main one first."))
    phones = TextAreaField(lazy("Phones"), [Length(max=500)], description=lazy("As you would dial them."))
    language = SelectField(lazy("Language of notices"), default="")
    notes = TextAreaField(lazy("Notes"), [Length(max=5000)])
    same_document = BooleanField(lazy("It is another customer with the same document"))

    def customer(self) -> CustomerData:
        """What was typed, as the services want it."""
        texts: dict[str, Any] = {name: self[name].data or "" for name in CUSTOMER_TEXTS}
        return CustomerData(
            **texts, zone_id=int(self.zone_id.data) if self.zone_id.data else None,
            tag_ids=[int(one) for one in self.tag_ids.data or []])


def customer_form(customer: Customer | None = None) -> CustomerForm:
    """The form of a customer; a new one also asks for the fiscal address."""
    fields: dict[str, Any] = {} if customer else {"address": FormField(address_class(inside=True))}
    form: CustomerForm = type("CountryCustomerForm", (CustomerForm,), fields)(data=_values(customer))
    if customer is None:
        _in_words_of_country(form["address"].form)
    rules = countries.get(current_company().country)
    form.tax_id_kind.choices = [("", lazy("Recognise it")), *rules.TAX_ID_KINDS.items()]
    form.tax_condition.choices = [("", "—"), *rules.TAX_CONDITIONS.items()]
    form.zone_id.choices = [("", "—"), *((str(zone.id), zone.name) for zone in queries.zones())]
    form.tag_ids.choices = [(str(tag.id), tag.name) for tag in queries.tags()]
    form.language.choices = [("", lazy("The company's")), *((code, LANGUAGES[code]) for code in LOCALES
                                                            if code in LANGUAGES)]
    return form


def _values(customer: Customer | None) -> dict[str, Any]:
    if customer is None:
        return {}
    texts = ("name", "trade_name", "kind", "code", "tax_id_kind", "tax_id", "tax_condition", "language", "notes")
    return {name: getattr(customer, name) for name in texts} | {
        "zone_id": str(customer.zone_id or ""), "tag_ids": [str(tag.id) for tag in customer.tags],
        "emails": "\n".join(email.address for email in customer.emails),
        "phones": "\n".join(phone.typed for phone in customer.phones)}


class ContactForm(Form):
    """Somebody to talk to."""

    name = StringField(lazy("Name"), [InputRequired(), Length(max=200)])
    role = StringField(lazy("What for"), [Length(max=100)],
                       description=lazy("As: payments, technician, neighbour with the key."))
    phones = StringField(lazy("Phones"), [Length(max=300)], description=lazy("As you would dial them."))
    emails = StringField(lazy("E-mail"), [Length(max=500)], description=lazy("Invoices are not sent there."))
    notes = StringField(lazy("Notes"), [Length(max=300)])


def contact_form(contact: Contact | None = None) -> ContactForm:
    """The form of a contact."""
    if contact is None:
        return ContactForm()
    return ContactForm(data={"name": contact.name, "role": contact.role, "notes": contact.notes,
                             "phones": "; ".join(phone.typed for phone in contact.phones),
                             "emails": "; ".join(email.address for email in contact.emails)})
