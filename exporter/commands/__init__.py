"""One file a command; ``cli`` puts them together."""
