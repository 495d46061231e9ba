"""The GraphQL words: what an app asks and does, as types, queries and mutations over the
timeline.
"""
