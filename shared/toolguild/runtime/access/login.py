"""How this process proves to NATS who it is, and how it knows that the server is the right one."""

import ssl
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from toolguild.errors import Misconfigured
from toolguild.runtime.access.config import inbox
from toolguild.runtime.access.credentials import public_of, read_seed
from toolguild.settings import Settings


@dataclass(frozen=True)
class Login:
    """What a connection needs beside the URL, which may carry user and password, or a seed as its user.

    A user with a seed of its own only binds to streams and consumers: somebody else makes them.
    """

    seed: str = ""  # of an nkey
    credentials: Path | None = None  # a .creds file with a JWT, of a server that somebody else runs
    ca: Path | None = None  # who vouches for the server; None: the machine's own authorities
    certificate: Path | None = None  # our own, where the server asks for one
    key: Path | None = None
    binds: bool = False

    @classmethod
    def of(cls, settings: Settings) -> "Login":
        """Return the login that settings name. Raises Misconfigured when a file is missing or no seed."""
        seed = settings.nats_seed_file
        return cls(
            seed=read_seed(seed) if seed else "",
            credentials=settings.nats_creds_file,
            ca=settings.nats_ca or (_embedded(settings) if settings.nats_url is None else None),
            certificate=settings.nats_certificate,
            key=settings.nats_key,
            binds=seed is not None,
        )

    @classmethod
    def on_this_machine(cls, settings: Settings, seed: str = "") -> "Login":
        """Return the login for the embedded server of this data directory."""
        return cls(seed=seed, ca=_embedded(settings), binds=bool(seed))

    def options(self, url: str) -> dict[str, Any]:
        """Return the arguments of nats-py's `connect`. Raises Misconfigured for files that cannot be used."""
        found: dict[str, Any] = {"servers": url}
        login = self
        if (user := urlsplit(url).username or "").startswith("SU"):
            login = replace(self, seed=self.seed or user)
            found["servers"] = url.replace(f"{user}@", "", 1)
        if login.seed:
            found |= {"nkeys_seed_str": login.seed, "inbox_prefix": inbox(public_of(login.seed))}
        elif self.credentials:
            found["user_credentials"] = str(self.credentials)
        if (context := self._tls(url)) is not None:
            found["tls"] = context
        return found

    def _tls(self, url: str) -> ssl.SSLContext | None:
        if self.ca is None and self.certificate is None and not url.startswith("tls://"):
            return None
        try:
            context = ssl.create_default_context(cafile=str(self.ca) if self.ca else None)
            context.minimum_version = ssl.TLSVersion.TLSv1_2
            if self.certificate is not None:
                context.load_cert_chain(self.certificate, self.key)
        except (OSError, ssl.SSLError) as error:
            places = ", ".join(str(one) for one in (self.ca, self.certificate, self.key) if one)
            raise Misconfigured(
                f"TLS to NATS: {places}: {error}; see TOOLGUILD_NATS_CA, TOOLGUILD_NATS_CERTIFICATE "
                "and TOOLGUILD_NATS_KEY"
            ) from error
        return context


def _embedded(settings: Settings) -> Path | None:
    """Return the embedded server's own authority, where that server speaks TLS."""
    place = settings.tls / "ca.pem"
    return place if settings.nats_tls or place.exists() else None
