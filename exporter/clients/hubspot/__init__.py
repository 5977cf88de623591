"""HubSpot's REST API, and the pace of its searches."""
