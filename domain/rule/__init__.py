"""Conditions of services: typed, bounded, three-valued, and read out in both languages."""
