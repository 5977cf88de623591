"""What must survive a restart: when each source is due and what it last said (``polls``), what monitoring has cost
(``calls``), reported suspensions (``reports``), resync jobs, their records and refusals. ``tables`` lists it all."""
