import datetime as dt
import stat
from pathlib import Path

import certifi
from cryptography import x509
from cryptography.x509.verification import PolicyBuilder, Store

from emulator.certificates import Certificates, ensure_certificates


def verified_chain(certificates: Certificates, host: x509.GeneralName) -> list[x509.Certificate]:
    """The chain by the rules of the web PKI, which are stricter than OpenSSL's."""
    store = Store([x509.load_pem_x509_certificate(certificates.authority.read_bytes())])
    verifier = PolicyBuilder().store(store).build_server_verifier(host)
    return verifier.verify(x509.load_pem_x509_certificate(certificates.server.read_bytes()), [])


def test_the_server_certificate_stands_for_localhost_and_the_loopback_address(tmp_path: Path) -> None:
    certificates = ensure_certificates(tmp_path)

    chain = verified_chain(certificates, x509.DNSName("localhost"))

    assert len(chain) == 2
    names = chain[0].extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert "127.0.0.1" in [str(address) for address in names.get_values_for_type(x509.IPAddress)]


def test_the_trust_bundle_is_the_public_authorities_and_ours(tmp_path: Path) -> None:
    certificates = ensure_certificates(tmp_path)

    bundle = certificates.trust_bundle.read_bytes()

    assert bundle.startswith(Path(certifi.where()).read_bytes())
    assert certificates.authority.read_bytes() in bundle


def test_private_keys_are_readable_by_their_owner_alone(tmp_path: Path) -> None:
    certificates = ensure_certificates(tmp_path)

    modes = {stat.S_IMODE(key.stat().st_mode) for key in (certificates.server_key, certificates.token_key)}

    assert modes == {0o600}


def test_a_second_start_keeps_everything(tmp_path: Path) -> None:
    ensure_certificates(tmp_path)
    before = {file.name: file.read_bytes() for file in tmp_path.iterdir()}

    ensure_certificates(tmp_path)

    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == before


def test_a_certificate_that_ends_within_a_week_is_made_anew_with_its_authority(tmp_path: Path) -> None:
    long_ago = dt.datetime.now(dt.UTC) - dt.timedelta(days=360)
    old = ensure_certificates(tmp_path, now=long_ago).server.read_bytes()

    renewed = ensure_certificates(tmp_path)

    assert renewed.server.read_bytes() != old
    assert verified_chain(renewed, x509.DNSName("localhost"))
