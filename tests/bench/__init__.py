"""What the exporter costs, beside what it could cost at best: ``make bench``. One file a row of the table, or a noun.

Every figure stands beside a reference that was measured in the same run on the same machine, so their ratio means
something anywhere. Every process that is measured is one of its own.
"""
