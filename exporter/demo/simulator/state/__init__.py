"""What is true of an org at a moment, a noun a file. Nothing here happens by itself."""
