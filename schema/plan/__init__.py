"""Plans of plain selections: what an operation reads of objects that are all there, compiled once.

A plan is a shortcut and no second executor. It writes what needs no decision, and at anything else
(an error, a null where none may be, an awaitable, a value of another type) gives up; GraphQL's own
algorithm then executes the same selection from its beginning, and its answer and errors count.
"""
