"""The measured figures of Headgate: `python -m bench [submit|idle|start|list]`.

Every figure comes from real processes: the server as people start it, and a real Flink. What is
measured, how, and beside which other platforms is in docs/benchmarks.md; kept runs are in results/.
"""
