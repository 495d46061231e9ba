"""What facts say: one type for each kind, by theme. `domain/fact.py` joins them."""
