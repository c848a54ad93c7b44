"""From a model that exists to a spec that says the same.

A reader turns the source into a `Graph` of the language's own ops with their weights;
`writing` makes a spec of it; `matching` compares that spec's graph with the source's.
"""
