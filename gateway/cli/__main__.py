"""`python -m gateway.cli`: the same as `slidegate`."""

from gateway.cli import main

main()
