"""A folder of e-mails over IMAP (RFC 3501, RFC 9051), read and never changed.

IMAPClient speaks the protocol: its authors keep it (four releases in 2026), its licence is BSD, and it can be told
exactly what to fetch, which aioimaplib (GPL) and imap-tools (whole messages) cannot or may not. It blocks, so it works
in threads of its own, with a time limit for every step and one for the whole.
"""
