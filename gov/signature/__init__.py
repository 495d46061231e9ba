"""HTTP Message Signatures (RFC 9421): who sent a request."""
