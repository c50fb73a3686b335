"""`python -m toolguild.cli`: the same as `toolguild`."""

from toolguild.cli import main

raise SystemExit(main())
