"""SOQL, as much of it as monitoring asks: `text` is read with the help of `values`, `query` runs it over tables."""
