"""What must survive a restart: poll schedule and last good payloads, resync jobs, refusals."""
