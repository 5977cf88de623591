"""Two replicas as real processes on a real PostgreSQL, struck by faults while they poll and resync."""
