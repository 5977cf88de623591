"""Salesforce as an exporter meets it: the token endpoint, the REST API over tables and log files, Salesforce Status."""
