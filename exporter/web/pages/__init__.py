"""What people look at: the pages, and the lines of which they are made."""
