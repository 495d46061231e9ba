"""Measurements: each figure stands beside its baseline, taken in the same run. Not part of the
product.
"""
