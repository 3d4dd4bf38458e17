"""The fan-in written by hand, as a competent engineer would with two usual stacks: FastAPI with
Redis, and with PostgreSQL. Both answer 202 only for what is stored, decide once, and send their
notifications from an outbox, at least once. They do no more: no evidence, no late arrivals, no
retry but the same again, no operator's view.

    redis_app, postgres_app     one file each, with uvicorn: what would be deployed
    servers                     Debian's redis-server and postgres, in a folder of their own
    __main__                    the same bursts, lags and kills for each
"""
