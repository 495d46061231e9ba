"""Accounts, sign-in and sessions: comes with the sign-in capability."""
