"""What operators do by the command line; each act is recorded."""
