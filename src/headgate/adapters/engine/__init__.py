"""Engines on this machine: installing a Flink distribution with its Java, and the local cluster.

What a cluster is asked to do over its API belongs to `adapters/flink/`, not here.
"""
