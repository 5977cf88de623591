"""People who work, make mistakes and mend them, if the orgs are to live by themselves."""
