"""What the source ``salesforce_access`` is made of: its calls, what it keeps of them, and what follows from that."""
