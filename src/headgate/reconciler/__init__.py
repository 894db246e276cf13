"""The only part of Headgate that changes Flink: it makes what people asked for come true.

    loop -> reconcile -> observe (Flink -> facts) -> decide (pure) -> act (intent row | call | outcome row)

Services and web never call anything here; they append operations and wake the loop.
"""
