"""Texts: ICU messages, counts in words, the Markdown of articles, the length of an SMS."""
