"""What every client stands on: one request, bounded and counted; secrets; text that arrives in parts."""
