"""The pure floor: facts + catalogue + today -> what each member sees, and until when that holds.

Nothing here reads a clock, a file, a socket or a random number; whatever it needs is an argument.
"""
