"""What the medical calculators say, made into occurrences of a service's cards."""
