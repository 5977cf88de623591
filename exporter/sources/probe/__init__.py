"""The rounds of the canary: their course, what they have shown so far, and the records they go by."""
