"""Certificates of a test's own authority, good ones and wrong ones."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
import ssl

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

DOMAIN = "pdk.test"

type Key = ec.EllipticCurvePrivateKey


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _builder(subject: str, issuer: str, key: Key) -> x509.CertificateBuilder:
    """Begin a certificate that is good for a day."""
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(_name(subject))
        .issuer_name(_name(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=2))
    )


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


class Authority:
    """Somebody who signs certificates."""

    def __init__(self, name: str) -> None:
        """Make a key and a certificate of its own."""
        self._name = name
        self._key = ec.generate_private_key(ec.SECP256R1())
        usage = x509.KeyUsage(
            digital_signature=False,
            content_commitment=False,
            key_encipherment=False,
            data_encipherment=False,
            key_agreement=False,
            key_cert_sign=True,
            crl_sign=True,
            encipher_only=False,
            decipher_only=False,
        )
        self._certificate = (
            _builder(name, name, self._key)
            .not_valid_after(datetime.now(UTC) + timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
            .add_extension(usage, critical=True)
            .add_extension(
                x509.SubjectKeyIdentifier.from_public_key(self._key.public_key()), False
            )
            .sign(self._key, hashes.SHA256())
        )

    @property
    def pem(self) -> bytes:
        """Return the certificate that clients have to trust."""
        return _pem(self._certificate)

    def server(
        self, folder: Path, file: str, *, domain: str = DOMAIN, days: int = 1
    ) -> ssl.SSLContext:
        """Return what a server of that domain shows, from now for so many days."""
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = (
            _builder(domain, self._name, key)
            .not_valid_after(datetime.now(UTC) + timedelta(days=days))
            .add_extension(
                x509.SubjectAlternativeName([x509.DNSName(f"*.{domain}")]), False
            )
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(
                    self._key.public_key()
                ),
                False,
            )
            .sign(self._key, hashes.SHA256())
        )
        path = folder / f"{file}.pem"
        path.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
            + _pem(certificate)
        )
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(path)
        return context


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificates:
    """One good certificate, and one for each way of being wrong."""

    authority: Path
    good: ssl.SSLContext
    of_another_host: ssl.SSLContext
    expired: ssl.SSLContext
    of_a_stranger: ssl.SSLContext


def make_certificates(folder: Path) -> Certificates:
    """Make all of them."""
    authority = Authority("Test authority")
    trusted = folder / "authority.pem"
    trusted.write_bytes(authority.pem)
    return Certificates(
        authority=trusted,
        good=authority.server(folder, "good"),
        of_another_host=authority.server(folder, "other", domain="other.test"),
        expired=authority.server(folder, "expired", days=-1),
        of_a_stranger=Authority("Stranger").server(folder, "stranger"),
    )
