"""Who somebody is, whose circle they are in, and what they may see."""
