"""A phone in Python: what an app does, in small. It knows `mobile-contract/` and nothing of the
server; tests, the simulator and `python -m phone` use it.
"""
