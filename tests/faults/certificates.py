"""Certificates of servers: a good one and wrong ones."""

from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
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


def _write(path: Path, host: str = "127.0.0.1", days: int = 1) -> None:
    """Write a server's key, and its certificate, which signs itself."""
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
        (x509.SubjectAlternativeName([x509.IPAddress(ip_address(host))]), False),
    ):
        builder = builder.add_extension(extension, critical)
    certificate = builder.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM)
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(certificate + private)


def make_certificates(folder: Path) -> dict[str, ssl.SSLContext]:
    """Return what servers present, and what clients trust: all but the stranger's."""
    _write(folder / "good")
    _write(folder / "of another host", host="127.0.0.2")
    _write(folder / "expired", days=-1)
    _write(folder / "of a stranger")
    contexts = {"trusted": ssl.create_default_context()}
    for path in folder.iterdir():
        if path.name != "of a stranger":
            contexts["trusted"].load_verify_locations(path)
        contexts[path.name] = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        contexts[path.name].load_cert_chain(path)
    return contexts
