"""Tries every configured access with real requests and says what works, what is missing, and what to change where."""
