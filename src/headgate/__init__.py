"""Headgate: a self-hosted operations platform for Apache Flink jobs.

The version is read from the package's metadata; nothing else belongs here, so that importing the
package stays cheap for the command line.
"""
