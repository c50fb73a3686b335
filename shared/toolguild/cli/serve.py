"""`python -m toolguild.cli.serve NAME`: one installed service as a process of a guild."""

import sys

from toolguild.cli.importing import importing
from toolguild.errors import ToolguildError

if __name__ == "__main__":
    with importing():
        from toolguild.runtime.main import main
        from toolguild.runtime.services import load_service

        try:
            service = load_service(sys.argv[1])
        except ToolguildError as error:
            sys.stderr.write(f"toolguild: {error}\n")
            raise SystemExit(2) from None
    main(service)
