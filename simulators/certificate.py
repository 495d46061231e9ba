"""A certificate for loopback, made anew at each start: what a simulator that speaks TLS shows, and
what whoever speaks to it is told to trust.
"""

from datetime import timedelta
from ipaddress import IPv4Address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from simulators.agency import own_clock
from simulators.secret_file import write_secret

HOST = "127.0.0.1"
CERTIFICATE_DAYS = 30


def make_certificate(directory: Path, name: str) -> tuple[Path, Path]:
    """`NAME-certificate.pem` and `NAME-key.pem`, good for a month; the certificate comes last."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"{name} simulator")])
    now = own_clock()
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + timedelta(days=CERTIFICATE_DAYS))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(IPv4Address(HOST))]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), True)
        .sign(key, SHA256())
    )
    paths = directory / f"{name}-certificate.pem", directory / f"{name}-key.pem"
    write_secret(paths[1], key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    write_secret(paths[0], certificate.public_bytes(Encoding.PEM))
    return paths
