"""A network as the program that will be printed: blocks, their calls, and tables.

Everything here is still free of any framework: expressions over the names that the
printed code will have, and the values that they take in this network.

    Program     all that one file prints: routines, stages, the network's own routine
    Routine     a block, or the network: parameters, definitions, statements
    Statement   a layer as it is printed: an op, a join, a table, or nothing but a name
    Call        an op with its attributes; Loop, Unrolled and StageCall repeat it
    Stage       a function that stacks one op, which the rows of a table call
    Attribute   an expression, and the value it has in every use

A framework's dialect then gives every primitive its FrameworkLayers.

It is made from the records of `archspec.network`: an Instance is one use of a block, a
Step one run of a layer in it; Runs (`specialise.context`) are some runs of one layer.
"""
