"""Certificates of a test's own authority: a good one and wrong ones."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
import ssl

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID

DOMAIN = "pdk.test"


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificates:
    """The authority's certificate, a good one, and one for each way of being wrong."""

    authority: Path
    good: ssl.SSLContext
    wrong: dict[str, ssl.SSLContext]


class _Authority:
    """An authority that signs certificates."""

    def __init__(self, name: str) -> None:
        """Initialize with a key and a certificate."""
        self._name = name
        self._key = ec.generate_private_key(ec.SECP256R1())
        public = self._key.public_key()
        signing = x509.KeyUsage(*(n in (5, 6) for n in range(9)))
        self.pem = self._sign(
            *(name, public, 1),
            (x509.BasicConstraints(ca=True, path_length=None), True),
            (signing, True),
            (x509.SubjectKeyIdentifier.from_public_key(public), False),
        )

    def _sign(
        self,
        subject: str,
        key: ec.EllipticCurvePublicKey,
        days: int,
        *extensions: tuple[x509.ExtensionType, bool],
    ) -> bytes:
        """Return a certificate that expires in so many days."""
        subjects = [
            x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])
            for text in (subject, self._name)
        ]
        now = datetime.now(UTC)
        builder = x509.CertificateBuilder(
            *(subjects[1], subjects[0], key, x509.random_serial_number()),
            *(now - timedelta(days=2), now + timedelta(days=days)),
        )
        for extension, critical in extensions:
            builder = builder.add_extension(extension, critical)
        return builder.sign(self._key, hashes.SHA256()).public_bytes(Encoding.PEM)

    def server(self, path: Path, domain: str = DOMAIN, days: int = 1) -> ssl.SSLContext:
        """Return what a server of a domain presents."""
        key = ec.generate_private_key(ec.SECP256R1())
        issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(
            self._key.public_key()
        )
        names = x509.SubjectAlternativeName([x509.DNSName(f"*.{domain}")])
        certificate = self._sign(
            domain, key.public_key(), days, (names, False), (issuer, False)
        )
        private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        path.write_bytes(private + certificate)
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(path)
        return context


def make_certificates(folder: Path) -> Certificates:
    """Return all certificates."""
    authority = _Authority("Test authority")
    path = folder / "authority.pem"
    path.write_bytes(authority.pem)
    return Certificates(
        authority=path,
        good=authority.server(folder / "good.pem"),
        wrong={
            "of another host": authority.server(folder / "other.pem", "other.test"),
            "expired": authority.server(folder / "expired.pem", days=-1),
            "of a stranger": _Authority("Stranger").server(folder / "stranger.pem"),
        },
    )
