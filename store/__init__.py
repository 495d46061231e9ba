"""Tables, sessions, sealing and queries: the only floor that speaks SQL, and the only commit."""
