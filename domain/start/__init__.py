"""What services start from: marriages, births, appointments, documents … of a family."""
