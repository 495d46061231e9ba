"""Devices, pull and push of commands, blobs: comes with the sync capability."""
