"""The configuration file: read, checked, and as frozen values."""
