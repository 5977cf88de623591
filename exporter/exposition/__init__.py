"""What is believed, as text: the page of ``/metrics``, lists of errors."""
