"""From an Alertmanager notification to resynced records: ``notification → policy → job → worker → action``."""
