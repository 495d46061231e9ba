"""A pregnancy: when it began, when it is due, which visits it needs, and that it is over."""
