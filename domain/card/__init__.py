"""Cards: planned, dated, acted on, and put into words."""
