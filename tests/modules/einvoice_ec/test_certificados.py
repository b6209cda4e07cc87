"""The .p12 files that authorities issue: each opens, or says in a sentence why it does not."""

from __future__ import annotations

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa

from core import clock
from modules.einvoice_ec import certificados
from modules.einvoice_ec.errors import BadCertificate
from tests.modules.einvoice_ec import keys
from tests.modules.einvoice_ec.cases import PASSWORD, SAMPLES

pytestmark = pytest.mark.once
RUC = "1790012344001"


@pytest.mark.parametrize(("file", "holder"), [
    ("firma_prueba_clave123.p12", "PRUEBAS ISP ANDINO"), ("firma_prueba_rc2_3des_clave123.p12", "PRUEBAS ISP ANDINO"),
    # the first key of the file is for encryption; the one for signatures comes second
    ("firma_prueba_dos_llaves_clave123.p12", "TITULAR"),
])
def test_files_as_authorities_issue_them(file, holder):
    found = certificados.open_p12((SAMPLES / file).read_bytes(), PASSWORD)
    assert certificados.holder(found.certificate) == holder
    assert found.certificate.public_key() == found.key.public_key()
    assert found.certificate.extensions.get_extension_for_class(x509.KeyUsage).value.digital_signature


@pytest.mark.parametrize(("data", "password", "words"), [
    ((SAMPLES / "firma_prueba_clave123.p12").read_bytes(), "otra", "password is wrong"),
    ((SAMPLES / "firma_prueba_rc2_3des_clave123.p12").read_bytes(), "", "password is wrong"),
    ((SAMPLES / "firma_prueba_clave123.p12").read_bytes()[:900], PASSWORD, "damaged"),
    (b"", PASSWORD, "damaged"), (b"-----BEGIN CERTIFICATE-----", PASSWORD, "something else"),
    (keys.p12(None, None, [keys.authority()]), keys.PASSWORD, "private key"),
    (keys.p12(keys.certificate("CIFRADO", keys.rsa_key("isp"), signs=False), keys.rsa_key("isp")), keys.PASSWORD,
     "issued for signing"),
    (keys.p12(keys.certificate("CORTO", rsa.generate_private_key(65537, 1024)), None), keys.PASSWORD, "private key"),
])
def test_files_that_do_not_do(data, password, words):
    with pytest.raises(BadCertificate, match=words) as refused:
        certificados.open_p12(data, password)
    assert str(refused.value).startswith("To ")


def test_a_short_key():
    key = rsa.generate_private_key(65537, 1024)
    with pytest.raises(BadCertificate, match="2048"):
        certificados.open_p12(keys.p12(keys.certificate("CORTO", key), key), keys.PASSWORD)


def test_the_certificate_is_the_one_of_the_key_not_the_first_of_the_list():
    mine = keys.certificate("MIO", keys.rsa_key("isp"))
    stranger = keys.certificate("OTRO", keys.rsa_key("stranger"))
    found = certificados.open_p12(keys.p12(mine, keys.rsa_key("isp"), [stranger, keys.authority()]), keys.PASSWORD)
    assert certificados.holder(found.certificate) == "MIO"
    assert len(found.chain) == 2


def opened(**options):
    return certificados.open_p12(keys.signing_file(**options), keys.PASSWORD)


def test_validity_is_looked_at():
    now = clock.now()
    assert certificados.troubles(opened(), RUC, now) == []
    assert "expired on" in certificados.troubles(opened(days=-1, begins=-9), RUC, now)[0]
    assert "valid from" in certificados.troubles(opened(begins=2), RUC, now)[0]


@pytest.mark.parametrize(("extension", "attributes", "said"), [
    (keys.ruc_extension(RUC), (), RUC),
    (x509.SubjectAlternativeName([x509.OtherName(x509.ObjectIdentifier(keys.UANATACA), b"\x0c\x0d" + RUC.encode())]),
     (), RUC),
    (None, (x509.NameAttribute(x509.ObjectIdentifier("2.5.4.97"), "VATEC-" + RUC),), RUC),
    (None, (x509.NameAttribute(x509.NameOID.SERIAL_NUMBER, RUC + "-010125103000"),), ""),
    (None, (), ""),
])
def test_where_the_ruc_stands(extension, attributes, said):
    made = keys.certificate("X", keys.rsa_key("isp"), extensions=(extension,) if extension else (),
                            attributes=attributes)
    assert certificados.ruc_of(made) == said
    key = certificados.open_p12(keys.p12(made, keys.rsa_key("isp")), keys.PASSWORD)
    assert certificados.troubles(key, RUC, clock.now()) == []
    assert bool(certificados.remark(key, RUC)) == (not said and not attributes)
    assert len(certificados.troubles(key, "1790012352001", clock.now())) == bool(said)


def test_a_cedula_is_good_for_the_ruc_of_that_person():
    cedula = x509.NameAttribute(x509.NameOID.SERIAL_NUMBER, "1710034065")
    made = keys.certificate("ANA", keys.rsa_key("isp"), attributes=(cedula,))
    key = certificados.open_p12(keys.p12(made, keys.rsa_key("isp")), keys.PASSWORD)
    assert certificados.remark(key, "1710034065001") == ""
    assert certificados.remark(key, RUC)


def test_the_issuers_name_has_its_most_specific_part_first():
    assert certificados.issuer_name(keys.certificate("X", keys.rsa_key("isp"))) == r"CN=AUTORIDAD,O=FIRMAS\, S.A.,C=EC"
