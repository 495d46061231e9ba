"""What agencies sent, kept raw and sealed, one row an event."""
