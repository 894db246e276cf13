"""500 histories of one job: every invariant holds after every pass, and all come to rest."""

from tests.properties.machine import History

TestHistories = History.TestCase
