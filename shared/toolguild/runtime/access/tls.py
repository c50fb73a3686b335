"""Certificates for TLS between services and an embedded server, from an authority of the guild's own."""

import ipaddress
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from toolguild.errors import Misconfigured

LOOPBACK = ("127.0.0.1", "::1", "localhost")
AUTHORITY_DAYS, DAYS = 3650, 397  # a server's certificate is made anew when it is about to expire
RENEWED_BEFORE = timedelta(days=30)
_USAGE = ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment")
_MORE_USAGE = ("key_agreement", "key_cert_sign", "crl_sign", "encipher_only", "decipher_only")


@dataclass(frozen=True)
class Certificates:
    """Files of one server: whom its clients trust, what it shows, and the key to that."""

    ca: Path
    certificate: Path
    key: Path


def certificates(
    directory: Path,
    hosts: Sequence[str] = LOOPBACK,
    *,
    days: float = DAYS,
    now: datetime | None = None,
) -> Certificates:
    """Return a server's certificates in a directory, made where they are missing or about to expire.

    The authority's key stays there too, readable by its owner only. Raises Misconfigured when a file cannot be
    read or written.
    """
    now = now or datetime.now(UTC)
    found = Certificates(*(directory / name for name in ("ca.pem", "server.pem", "server.key")))
    try:
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not found.ca.exists():
            _make_authority(directory, now)
        if not found.certificate.exists() or _expires(found.certificate) < now + RENEWED_BEFORE:
            _make_server(directory, found, hosts, now, now + timedelta(days=days))
    except (OSError, ValueError) as error:
        raise Misconfigured(f"{directory}: no certificates: {error}") from error
    return found


def _make_authority(directory: Path, now: datetime) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Toolguild's own authority")])
    built = _builder(name, name, key, now, now + timedelta(days=AUTHORITY_DAYS))
    built = built.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    built = built.add_extension(_used_for("key_cert_sign", "crl_sign"), critical=True)
    _write_key(directory / "ca.key", key)
    _write(directory / "ca.pem", _pem(built.sign(key, hashes.SHA256())), 0o644)


def _make_server(
    directory: Path, found: Certificates, hosts: Sequence[str], now: datetime, until: datetime
) -> None:
    authority = x509.load_pem_x509_certificate(found.ca.read_bytes())
    signer = serialization.load_pem_private_key((directory / "ca.key").read_bytes(), None)
    assert isinstance(signer, ec.EllipticCurvePrivateKey)
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, hosts[0])])
    purposes = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
    named = x509.SubjectAlternativeName([_host(one) for one in hosts])
    about = x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key())
    built = (
        _builder(name, authority.subject, key, now, until)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_used_for("digital_signature"), critical=True)
        .add_extension(x509.ExtendedKeyUsage(purposes), critical=False)
        .add_extension(named, critical=False)
        .add_extension(about, critical=False)
    )
    _write_key(found.key, key)
    _write(found.certificate, _pem(built.sign(signer, hashes.SHA256())), 0o644)


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    now: datetime,
    until: datetime,
) -> x509.CertificateBuilder:
    public = key.public_key()
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(min(now, until) - timedelta(minutes=5))  # clocks differ a little
        .not_valid_after(until)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
    )


def _used_for(*names: str) -> x509.KeyUsage:
    return x509.KeyUsage(**{one: one in names for one in (*_USAGE, *_MORE_USAGE)})


def _host(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _expires(place: Path) -> datetime:
    return x509.load_pem_x509_certificate(place.read_bytes()).not_valid_after_utc


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _write_key(place: Path, key: ec.EllipticCurvePrivateKey) -> None:
    pem, pkcs8 = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    _write(place, key.private_bytes(pem, pkcs8, serialization.NoEncryption()), 0o600)


def _write(place: Path, content: bytes, mode: int) -> None:
    part = place.with_name(f".{place.name}.{os.getpid()}")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    part.replace(place)
