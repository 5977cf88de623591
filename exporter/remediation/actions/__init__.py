"""One file per way to resync."""
