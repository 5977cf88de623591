"""From an Alertmanager notification to resynced records.

A ``notification`` (or a ``stranger``, who is told so) comes to the ``receiver``, which makes an ``order`` of an alert
where the ``policy`` says so, and a job of the order. The ``worker`` takes jobs out of the queue and keeps a ``lease``
on them; their ``steps`` make a ``choice`` of records and send them to one of the ``actions``. ``waiting`` asks the
``gate`` before each request.
"""
