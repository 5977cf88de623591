"""What `demo` runs: the simulator of the outside world, and the scenarios played in it."""
