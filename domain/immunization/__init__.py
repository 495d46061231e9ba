"""Immunization: what each dose counts for and what is due next, from tables that are passed in."""
