"""What is known about sync errors and suspension reasons."""
