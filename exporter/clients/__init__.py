"""One file per outside API. All HTTP to the outside goes through ``upstream``."""
