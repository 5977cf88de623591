"""What comes with the code: the rules, as files and as Kubernetes objects."""
