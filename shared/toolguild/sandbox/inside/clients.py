"""Python's HTTP client finds the way to the proxy, as those do that read HTTP_PROXY. No wall depends on it."""

import http.client
import os
import urllib.parse
import urllib.request  # tools that want it find it imported
from typing import Any

_plain = http.client.HTTPConnection.connect


def route() -> None:
    """Have every connection of `http.client` go by the proxy: HTTP as it is, HTTPS through a tunnel."""
    http.client.HTTPConnection.connect = _connect  # type: ignore[method-assign]  # on purpose


def without_tls() -> None:
    """In an exam the stand-in for a host has no certificate: speak plainly within the tunnel."""
    http.client.HTTPSConnection.connect = _connect  # type: ignore[method-assign]  # on purpose


def _connect(self: Any) -> None:
    proxy = urllib.parse.urlsplit(os.environ["http_proxy"])
    if (self.host, self.port) != (proxy.hostname, proxy.port):
        if self._tunnel_host is None and isinstance(self, http.client.HTTPSConnection):
            self.set_tunnel(self.host, self.port)
        create = self._create_connection
        self._create_connection = lambda _, *rest: create((proxy.hostname, proxy.port), *rest)
    _plain(self)
