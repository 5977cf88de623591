"""Opens the HTTP clients that ask outside APIs: through a proxy or not, and with which authorities' certificates."""

from __future__ import annotations

import os
import ssl
from typing import Any

import httpx

from exporter.clients.http.connect_failure import PROXY
from exporter.clients.http.direct import SharedSession
from exporter.clients.http.issuer import tell_issuers
from exporter.clients.http.pieces import PACKED
from exporter.config.authorities import VARIABLES
from exporter.config.network import Network
from exporter.config.proxy import Proxy, ProxyError


class ClientOpener:
    """Opens clients for a network; ``transport`` replaces every network in tests.

    Reading the certificates of all authorities takes longer than anything else here, so it is done once a network.
    Its clients share their connections.
    """

    def __init__(self, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._transport = transport
        self._known: tuple[Network, ssl.SSLContext, SharedSession] | None = None

    def __call__(self, network: Network) -> httpx.AsyncClient:
        """A client of its own; httpx itself looks at no variable."""
        return _Client(self._transport or self._routes(network))

    def _routes(self, network: Network) -> _Routes:
        if self._known is None or self._known[0] != network:
            tls = trusting(network.authorities)
            if network.pair is not None:
                tls.load_cert_chain(*network.pair)
            self._known = network, tls, SharedSession(tls)
        _, tls, shared = self._known
        return _Routes(network, shared.transport(), tls)


class _Client(httpx.AsyncClient):
    """One that sends what it is given and keeps nothing: no cookies, no redirects, no logins of httpx' own.

    All that costs a third of a request, and none of it is wanted: a cookie would be handed to whoever asks next.
    """

    def __init__(self, transport: httpx.AsyncBaseTransport) -> None:
        super().__init__(transport=transport, trust_env=False, headers={"Accept-Encoding": PACKED})
        self._straight = transport

    async def send(self, request: httpx.Request, **options: Any) -> httpx.Response:
        """Without reading the body, if that is what ``stream`` says; nothing else is looked at but by event hooks."""
        if any(self.event_hooks.values()) or not options.get("stream"):
            return await super().send(request, **options)
        try:
            response = await self._straight.handle_async_request(request)
        except httpx.RequestError as error:
            error.request = request
            raise
        response.request = request
        return response


def trusting(authorities: str | None) -> ssl.SSLContext:
    """Trusts these certificates beside the public authorities, as certifi and the system know them; without any,
    only what ``SSL_CERT_FILE`` and ``SSL_CERT_DIR`` say, where one is set. Raises ``OSError`` for a bad variable."""
    instead = [os.environ.get(variable) or None for variable in VARIABLES]
    if authorities is None and any(instead):
        tls = ssl.create_default_context(cafile=instead[0], capath=instead[1])
    else:
        tls = httpx.create_ssl_context(trust_env=False)
        # Where a company installs its own authority on its machines: what curl trusts there is trusted here.
        tls.load_default_certs()
    if authorities is not None:
        tls.load_verify_locations(cadata=authorities)
    # Python 3.13 refuses certificates that lack an extension RFC 5280 asks for; those of private authorities often do.
    tls.verify_flags &= ~ssl.VERIFY_X509_STRICT
    # As Python 3.13 has it: who is trusted need not be a root. Companies hand out the one that signs below theirs.
    tls.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    tell_issuers(tls)
    return tls


class _Routes(httpx.AsyncBaseTransport):
    """Sends each request to its host itself, or to the proxy."""

    def __init__(self, network: Network, direct: httpx.AsyncBaseTransport, tls: ssl.SSLContext) -> None:
        self._network = network
        self._direct = direct
        self._proxied = None if network.proxy is None else _through(network.proxy, tls, network.authorities)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        try:
            proxy = self._network.proxy_for(str(request.url))
        except ProxyError as error:
            raise httpx.ProxyError(str(error), request=request) from error
        if proxy is None or self._proxied is None:
            return await self._direct.handle_async_request(request)
        request.extensions = {**request.extensions, PROXY: str(proxy)}
        return await self._proxied.handle_async_request(request)

    async def aclose(self) -> None:
        await self._direct.aclose()
        if self._proxied is not None:
            await self._proxied.aclose()


def _through(proxy: Proxy, tls: ssl.SSLContext, authorities: str | None) -> httpx.AsyncHTTPTransport:
    # Where the proxy itself is asked over TLS, the same authorities are good enough for it; our certificate is not its.
    own_tls = trusting(authorities) if proxy.url.startswith("https://") else None
    return httpx.AsyncHTTPTransport(verify=tls, trust_env=False, proxy=httpx.Proxy(proxy.url, ssl_context=own_tls))
