"""Authored documents to the catalogue in force, or everything that is wrong with them."""
