"""What the source ``salesforce_usage_log`` is made of: listing, reading and counting event log files."""
