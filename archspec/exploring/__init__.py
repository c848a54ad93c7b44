"""Many variants of one network: their figures, within limits, and the best of them.

`Evaluator` gives the figures of a spec with some values changed, or why archspec
refuses it; a `Grid` has all combinations of the values that paths take.
"""
