"""Who is asking: sign-in with the national identity, sessions, tokens. Never what they may see."""
