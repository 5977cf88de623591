"""What programs ask for: the HTTP API, a file a resource, and its description as OpenAPI."""
