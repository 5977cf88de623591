"""A stand-in for Salesforce, HubSpot and the Sync Health bridge, over HTTP on loopback, with real state.

Read from the inside out: `settings` and `clock` → the state (`call_window`, `access`, `records`,
`sync_errors`, `faults`, collected in `org`) → what happens to it (`conditions`, `sync_round`) → `world`, all orgs
together → what people do in it if it is to live by itself (`habits`, `stories`, `life`) → the HTTP faces (`gate` and
the `*_api` files) → `app`, which puts them together → `__main__`.
"""
