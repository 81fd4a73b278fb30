"""What Key Vault hands out is read whole, or refused with a way out and without a word of the value."""

from __future__ import annotations

import base64
from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key
from trustme import KeyType

from shared.dynamics.auth import MsalTokenProvider
from shared.dynamics.certificates import CertificateError, read_certificate
from shared.errors import Permanent
from shared.markets import BackEnd, MarketMapError, parse_market_map
from tests.contract.identity.certificates import Pair, make
from tests.fakes.markets import ENVIRONMENT, MARKET_MAP

REFERENCE = "@Microsoft.KeyVault(VaultName=kv;SecretName=bc-certificate)"
SECRET_LINE = "    client_secret: ${BC_SECRET}\n"


@pytest.fixture(scope="module")
def pair() -> Pair:
    return make()


def test_key_and_certificate_are_those_that_were_put_in(pair: Pair) -> None:
    found = read_certificate(pair.secret())
    assert found.private_key.split() == pkcs8(pair).split()
    assert found.certificate.strip() == pair.certificate.strip()
    assert found.expires == pair.x509.not_valid_after_utc
    assert found.thumbprint == pair.thumbprint(hashes.SHA1()).hex().upper()


def pkcs8(pair: Pair) -> str:
    key = load_pem_private_key(pair.key.encode(), None)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def test_line_breaks_in_the_base64_are_no_obstacle(pair: Pair) -> None:
    value = pair.secret()
    wrapped = base64.encodebytes(base64.b64decode(value)).decode()
    assert wrapped.count("\n") > 1
    assert read_certificate(wrapped) == read_certificate(value)


def test_the_private_key_is_not_shown(pair: Pair) -> None:
    assert "PRIVATE KEY" not in repr(read_certificate(pair.secret()))


@pytest.mark.parametrize(
    ("value_of", "why"),
    [
        (lambda pair: pair.key + pair.certificate, "no base64"),
        (lambda pair: base64.b64encode(pair.certificate.encode()).decode(), "no PKCS#12"),
        (lambda pair: "", "no PKCS#12"),
        (lambda pair: pair.secret("a password"), "password"),
        (lambda pair: pair.secret(key=False), "lacks the private key"),
        (lambda pair: pair.secret(certificate=False), "lacks the private key or the certificate"),
        (lambda pair: make(KeyType.ECDSA).secret(), "not RSA"),
    ],
    ids=["PEM", "base64 of PEM", "empty", "with a password", "without a key", "without a certificate", "elliptic"],
)
async def test_what_is_no_certificate_is_refused_by_option_client_and_reason_alone(
    pair: Pair, value_of: Callable[[Pair], str], why: str
) -> None:
    value = value_of(pair)
    with pytest.raises(CertificateError, match=why):
        read_certificate(value)
    with pytest.raises(Permanent, match=why) as refused:
        await MsalTokenProvider(back_end(certificate=value)).token()
    text = str(refused.value)
    assert "certificate of client connector in the market map" in text
    assert all(piece not in text for piece in value.split() if len(piece) > 20)


@pytest.mark.parametrize("option", ["certificate", "client_secret"])
async def test_an_unresolved_reference_to_the_vault_says_what_to_check(option: str) -> None:
    with pytest.raises(Permanent) as refused:
        await MsalTokenProvider(back_end(**{option: REFERENCE})).token()
    text = str(refused.value)
    assert f"{option} of client connector in the market map" in text
    assert "Key Vault Secrets User" in text
    assert "docs/deployment.md, Rotating secrets" in text
    assert REFERENCE not in text


def back_end(**credential: str) -> BackEnd:
    row = {"type": "business_central", "url": "https://bc.example.com", "tenant_id": "tenant", "client_id": "connector"}
    # Nothing is listening there: a value that is refused never gets that far.
    return BackEnd.model_validate({**row, "authority": "https://127.0.0.1:9", "scope": "scope", **credential})


def test_the_map_takes_the_certificate_from_a_setting_and_never_shows_it(pair: Pair) -> None:
    text = MARKET_MAP.replace(SECRET_LINE, "    certificate: ${BC_CERTIFICATE}\n")
    value = pair.secret()
    markets = parse_market_map(text, "test", ENVIRONMENT | {"BC_CERTIFICATE": value})
    assert shown(markets.back_ends["bc"].certificate) == value
    assert value not in repr(markets)


def test_a_client_with_secret_and_certificate_is_refused() -> None:
    text = MARKET_MAP.replace(SECRET_LINE, SECRET_LINE + "    certificate: value-of-the-certificate\n")
    with pytest.raises(
        MarketMapError, match="client connector: give client_secret or certificate, not both"
    ) as refused:
        parse_market_map(text, "test", ENVIRONMENT)
    assert "value-of-the-certificate" not in str(refused.value)


def test_every_application_user_has_a_sign_in_of_its_own() -> None:
    users = [
        {"client_id": "second", "client_secret": "secret of the second"},
        {"client_id": "third", "certificate": "certificate of the third"},
        {"client_id": "fourth"},
    ]
    end = back_end(certificate="certificate of the first").model_dump() | {"users": users}
    found = [
        (user.client_id, shown(user.client_secret), shown(user.certificate))
        for user in BackEnd.model_validate(end).per_user()
    ]
    assert found == [
        ("connector", None, "certificate of the first"),
        ("second", "secret of the second", None),
        ("third", None, "certificate of the third"),
        ("fourth", None, None),
    ]


def shown(value: object) -> str | None:
    return value.get_secret_value() if hasattr(value, "get_secret_value") else None
