"""Certificates of servers: a good one and wrong ones."""

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
    """What clients trust, and what servers present."""

    trusted: Path
    good: ssl.SSLContext
    wrong: dict[str, ssl.SSLContext]


def _make(path: Path, domain: str = DOMAIN, days: int = 1) -> bytes:
    """Write a server's key and certificate; return the certificate, which signs itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, path.stem)])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(
        *(name, name, key.public_key(), x509.random_serial_number()),
        *(now - timedelta(days=2), now + timedelta(days=days)),
    )
    # for a server, and for the certificate that it signs: its own
    usage = x509.KeyUsage(*(number in (0, 5) for number in range(9)))
    for extension, critical in (
        (x509.BasicConstraints(ca=True, path_length=None), True),
        (usage, True),
        (x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False),
        (x509.SubjectAlternativeName([x509.DNSName(f"*.{domain}")]), False),
    ):
        builder = builder.add_extension(extension, critical)
    certificate = builder.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM)
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(private + certificate)
    return certificate


def make_certificates(folder: Path) -> Certificates:
    """Return all certificates; only the stranger's is not trusted."""
    made = {
        "good": _make(folder / "good"),
        "of another host": _make(folder / "of another host", "other.test"),
        "expired": _make(folder / "expired", days=-1),
        "of a stranger": _make(folder / "of a stranger"),
    }
    contexts = {}
    for name in made:
        contexts[name] = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        contexts[name].load_cert_chain(folder / name)
    trusted = folder / "trusted.pem"
    del made["of a stranger"]
    trusted.write_bytes(b"".join(made.values()))
    return Certificates(trusted=trusted, good=contexts.pop("good"), wrong=contexts)
