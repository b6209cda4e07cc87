"""Provinces, departments and states by their official codes, however people write them."""

from __future__ import annotations

import pytest

from modules.crm import countries, regions
from modules.crm.drafts import AddressData

pytestmark = pytest.mark.once


@pytest.mark.parametrize(("country", "written", "code", "name"), [
    ("AR", "X", "X", "Córdoba"), ("AR", "cordoba", "X", "Córdoba"), ("AR", " CÓRDOBA ", "X", "Córdoba"),
    ("AR", "CABA", "C", "Ciudad Autónoma de Buenos Aires"), ("AR", "Capital Federal", "C",
                                                             "Ciudad Autónoma de Buenos Aires"),
    ("AR", "Bs. As.", "B", "Buenos Aires"), ("AR", "Tucuman", "T", "Tucumán"), ("AR", "Marte", "Marte", "Marte"),
    ("EC", "pichincha", "17", "Pichincha"), ("EC", "Santo Domingo", "23", "Santo Domingo de los Tsáchilas"),
    ("CO", "Bogotá D.C.", "11", "Bogotá"), ("CO", "valle", "76", "Valle del Cauca"), ("CO", "05", "05", "Antioquia"),
    ("MX", "CDMX", "CMX", "Ciudad de México"), ("MX", "nuevo leon", "NLE", "Nuevo León"),
    ("MX", "México", "MEX", "Estado de México"), ("PE", "ancash", "02", "Áncash"),
    ("UY", "Rocha", "Rocha", "Rocha"), ("AR", "", "", ""),
])
def test_a_region_is_known_by_code_and_by_what_people_write(country, written, code, name):
    assert regions.code(country, written) == code
    assert regions.name(country, code) == name


@pytest.mark.parametrize(("country", "count"), [("AR", 24), ("EC", 24), ("CO", 33), ("MX", 32), ("PE", 25), ("CL", 0)])
def test_each_country_has_all_its_regions(country, count):
    known = regions.of(country)
    assert len(known) == len(set(known.values())) == count


@pytest.mark.parametrize(("country", "address", "region", "code"), [
    ("CO", {"city": "Rionegro", "region": "Antioquia"}, "05", "05615"),
    ("CO", {"city": "MEDELLIN"}, "05", "05001"),
    ("CO", {"city": "Rionegro"}, "", None),  # there is one in Santander too
    ("CO", {"city": "Nunca Jamás", "region": "Antioquia"}, "05", None),
    ("CO", {"city": "Bogotá", "region": "Bogotá D.C."}, "11", "11001"),
    ("CO", {"city": "Cali"}, "76", "76001"),
    ("CO", {"city": "Cúcuta", "region": "Norte de Santander"}, "54", "54001"),
    ("CO", {"city": "x", "extra": {"divipola": "76001"}}, "76", "76001"),
    ("PE", {"city": "Miraflores", "region": "Lima", "extra": {"province": "Lima"}}, "15", "150122"),
    ("PE", {"city": "Miraflores", "region": "Lima"}, "15", None),  # one in Yauyos too
    ("PE", {"city": "Cusco", "region": "Cusco"}, "08", "080101"),
    ("AR", {"city": "Río Cuarto", "region": "Cordoba"}, "X", None),
])
def test_the_code_of_a_place_is_found_where_only_one_fits(country, address, region, code):
    found = regions.completed(AddressData(**address), country)
    assert (found.region, found.extra.get(regions.PLACE_CODES.get(country, ""))) == (region, code)


@pytest.mark.parametrize(("country", "address", "words"), [
    ("CO", {"region": "05", "extra": {"divipola": "99999"}}, "no place with the code 99999"),
    ("CO", {"region": "11", "extra": {"divipola": "05001"}}, "05001 (Medellín) is not of Bogotá"),
    ("PE", {"region": "15", "extra": {"ubigeo": "080101"}}, "(Cusco) is not of Lima"),
])
def test_a_code_that_contradicts_itself_is_said_beside_its_field(country, address, words):
    field, why = regions.trouble(AddressData(**address), country)
    assert field == f"extra_{regions.PLACE_CODES[country]}" and words in why
    assert regions.trouble(AddressData(region="05", extra={"divipola": "05001"}), "CO") is None


def test_the_provinces_of_ecuador_are_those_that_begin_a_cedula():
    assert set(regions.of("EC")) == {f"{n:02d}" for n in range(1, 25)}
    assert countries.get("EC").validate("CEDULA", "1710034065").valid
