"""Tests and commands ask by the thousand, all from one address: where they do so in this process, none is refused."""

import os

os.environ["RATE_ANONYMOUS"] = "1000000000"
