"""What HubSpot does by itself: it syncs in rounds, and suspends when it has reason to."""
