"""The strings behind the stage: an org shown and changed from outside, by tests, by the demo and by hand."""
