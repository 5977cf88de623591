"""Salesforce's REST API: login, queries, composite requests, the instance an org lives on."""
