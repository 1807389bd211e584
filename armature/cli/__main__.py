"""`python -m armature.cli`: the same as the `armature` command, where its script is not on PATH."""

from armature.cli.main import main

main()
