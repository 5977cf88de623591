"""What the source ``canary`` is made of."""
