"""Phones: enrolling devices, pulling streams, settling commands. One phone, one round trip."""
