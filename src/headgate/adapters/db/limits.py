"""How many connections, how long a turn is waited for, and the mark of a transaction that only reads."""

from datetime import timedelta

BUSY_TIMEOUT = timedelta(seconds=5)  # longer than any of our transactions, shorter than a person's patience
READ_ONLY = "headgate_read_only"  # execution option: this transaction only reads
POOL_SIZE = 8  # connections kept open
POOL_OVERFLOW = 24  # further ones at a peak: as many as a server has threads for requests
