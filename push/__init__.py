"""Notices, channels, budget and campaigns: comes with the notices capability."""
