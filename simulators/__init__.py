"""What stands outside in the demonstration: agencies and families, without a line of the server."""
