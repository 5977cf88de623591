"""The command ``resync``."""
