"""Exported sync errors: *Export errors (CSV)* of HubSpot's Sync Health page, read and written. No network, no store."""
