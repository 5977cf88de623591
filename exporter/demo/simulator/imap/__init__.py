"""The mailbox that HubSpot's e-mails come into: a small IMAP server (RFC 3501), of which nobody can change anything.

Without TLS, as it listens on loopback. Who has Dovecot takes that (`exporter.demo.dovecot`): this one is for machines
without.
"""
