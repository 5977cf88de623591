"""The JSON Schemas of what others send."""
