"""HubSpot's notification e-mails: from the bytes of a message to what it says, without any I/O."""
