"""What editors show and change about a spec, whatever state its text is in.

Everything but `server` takes a document and an offset and returns plain values.
"""
