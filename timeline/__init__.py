"""The only writer of facts, streams, effects and command outcomes: what happened becomes what is
seen.
"""
