"""Vaccination schedules as published or authored: read, packed or compiled, and proven."""
