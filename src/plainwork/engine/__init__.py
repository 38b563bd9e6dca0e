"""The engine: plans runs, takes their steps, and journals what happened.

``engine.plan`` (pure) decides, ``engine.kinds`` performs a step, ``engine.catalogue`` knows which kinds are installed,
``engine.examples`` runs the Examples of a document. Nothing is imported here, so that checking a document stays quick.
"""
