"""The alerts of `.deploy/alerts.yml`, read by promtool and tried on a day that goes well and on one that does not.

Exits with status 1 where Prometheus would not take them, where one is silent on the bad day or speaks on the good one,
or where promtool is missing: python -m tests.alert_rules
"""

import shutil
import subprocess
import sys

from tests.commands import PROJECT

ALERTS, DAYS = PROJECT / ".deploy" / "alerts.yml", PROJECT / "tests" / "alerts.yaml"


def main() -> None:
    """Let promtool say what it finds."""
    promtool = shutil.which("promtool")
    if promtool is None:
        sys.exit("promtool is not installed. It is in Debian's package prometheus")
    for command in (["check", "rules", str(ALERTS)], ["test", "rules", str(DAYS)]):
        if subprocess.run([promtool, *command], check=False).returncode:  # noqa: S603 - our own command
            sys.exit(1)


if __name__ == "__main__":
    main()
