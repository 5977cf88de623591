"""How the source ``mailbox`` reads: what it remembers between its polls, and what a message changes in that."""
