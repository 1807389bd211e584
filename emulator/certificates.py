"""The emulator's own authority: server certificate, trust bundle and token-signing key, made at first start."""

import datetime as dt
import ipaddress
import os
from dataclasses import dataclass
from pathlib import Path

import certifi
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

LIFETIME = dt.timedelta(days=365)
RENEW_BEFORE = dt.timedelta(days=7)
TOKEN_KEY_BITS = 2048  # what Entra ID signs its tokens with: RS256, RSA-2048


@dataclass(frozen=True)
class Certificates:
    """The files of one folder. Only the two keys are secret; they are readable by their owner alone."""

    folder: Path

    @property
    def authority(self) -> Path:
        """The certificate authority's certificate (PEM)."""
        return self.folder / "authority.pem"

    @property
    def server(self) -> Path:
        """The certificate of every local server: 127.0.0.1, ::1 and localhost (PEM)."""
        return self.folder / "server.pem"

    @property
    def server_key(self) -> Path:
        """The private key of the server certificate (PEM)."""
        return self.folder / "server-key.pem"

    @property
    def trust_bundle(self) -> Path:
        """The public authorities of certifi and ours: for REQUESTS_CA_BUNDLE and SSL_CERT_FILE."""
        return self.folder / "trust-bundle.pem"

    @property
    def token_key(self) -> Path:
        """The private key that the identity endpoint signs tokens with (PEM)."""
        return self.folder / "token-key.pem"

    @property
    def token_public_key(self) -> Path:
        """The public half of the token key, which ARM checks tokens against (PEM)."""
        return self.folder / "token-key-public.pem"


def ensure_certificates(folder: Path, *, now: dt.datetime | None = None) -> Certificates:
    """Make what is missing in the folder, or what ends within a week; leave the rest as it is.

    The authority's private key is never written: a renewal makes a new authority and a new server certificate together.
    `now` is for tests.
    """
    moment = now or dt.datetime.now(dt.UTC)
    folder.mkdir(parents=True, exist_ok=True)
    certificates = Certificates(folder)
    if not _is_current(certificates, moment):
        _make_server_certificate(certificates, moment)
    if not (certificates.token_key.is_file() and certificates.token_public_key.is_file()):
        _make_token_key(certificates)
    certificates.trust_bundle.write_bytes(
        Path(certifi.where()).read_bytes() + b"\n" + certificates.authority.read_bytes()
    )
    return certificates


def _is_current(certificates: Certificates, moment: dt.datetime) -> bool:
    if not all(f.is_file() for f in (certificates.authority, certificates.server, certificates.server_key)):
        return False
    server = x509.load_pem_x509_certificate(certificates.server.read_bytes())
    return server.not_valid_after_utc > moment + RENEW_BEFORE


def _make_server_certificate(certificates: Certificates, moment: dt.datetime) -> None:
    authority_key = ec.generate_private_key(ec.SECP256R1())
    authority_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Armature emulator authority")])
    authority_id = x509.SubjectKeyIdentifier.from_public_key(authority_key.public_key())
    authority = (
        _builder(authority_name, authority_name, authority_key.public_key(), moment)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage(signs_certificates=True), critical=True)
        .add_extension(authority_id, critical=False)
        .sign(authority_key, hashes.SHA256())
    )
    server_key = ec.generate_private_key(ec.SECP256R1())
    server_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    addresses = [
        x509.DNSName("localhost"),
        x509.IPAddress(ipaddress.ip_address("127.0.0.1")),
        x509.IPAddress(ipaddress.ip_address("::1")),
    ]
    server = (
        _builder(server_name, authority_name, server_key.public_key(), moment)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName(addresses), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(server_key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(authority_id), critical=False)
        .sign(authority_key, hashes.SHA256())
    )
    certificates.authority.write_bytes(authority.public_bytes(serialization.Encoding.PEM))
    certificates.server.write_bytes(server.public_bytes(serialization.Encoding.PEM))
    _write_private_key(certificates.server_key, server_key)


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, moment: dt.datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(moment - dt.timedelta(minutes=5))
        .not_valid_after(moment + LIFETIME)
    )


def _key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _make_token_key(certificates: Certificates) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=TOKEN_KEY_BITS)
    _write_private_key(certificates.token_key, key)
    certificates.token_public_key.write_bytes(
        key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )


def _write_private_key(file: Path, key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> None:
    data = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.unlink(missing_ok=True)
    with open(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
        stream.write(data)
