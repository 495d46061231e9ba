"""Vaccination schedules as published: read from their authority's files, packed, and proven."""
