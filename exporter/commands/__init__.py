"""One file a command: its flags and what it does. ``cli`` lists them in one table."""
