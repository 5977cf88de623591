"""How the HTTP side is served: on which sockets, over which TLS, to whom."""
