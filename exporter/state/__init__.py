"""What is believed: readings, facts, conditions."""
