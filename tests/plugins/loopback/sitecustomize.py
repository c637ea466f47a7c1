"""Python imports this at its start, because the tests put its folder on the path."""

import loopback_guard

loopback_guard.install()
