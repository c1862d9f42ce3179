"""Declares every metric that a process counts itself. docs/reference/metrics.md lists them; a test keeps the two in step.

Metrics that are counted as things happen (requests, batches, attempts) are children bound in advance. Totals that objects keep
anyway (pool, sequencer, sockets) are copied once per second: sources.py. The worker asks the database for business metrics:
worker/business.py.

The processes of one `serve` write to files in a shared folder (prometheus_client's multiprocess mode, set by
PROMETHEUS_MULTIPROC_DIR in processes.py), and any of them answers for all. So each gauge says how values of live processes are
combined: their sum or their maximum.
"""

from __future__ import annotations

from typing import Literal

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics

disable_created_metrics()  # type: ignore[no-untyped-call]

REGISTRY = CollectorRegistry(auto_describe=True)

# A read takes 1 to 5 ms, an order 3 to 30 (it waits for the batch before its own), and the database gives up after 15 s.
REQUEST_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0)
ATTEMPT_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 15.0)
JOB_SECONDS = (0.005, 0.025, 0.1, 0.5, 1.0, 5.0, 30.0)
BATCH_ELEMENTS = (1, 2, 4, 8, 16, 32, 64, 128)


def _counter(name: str, help_: str, *labels: str) -> Counter:
    return Counter(f"scoville_{name}", help_, labels, registry=REGISTRY)


def _histogram(name: str, help_: str, buckets: tuple[float, ...], *labels: str) -> Histogram:
    return Histogram(f"scoville_{name}", help_, labels, registry=REGISTRY, buckets=buckets)


def _gauge(name: str, help_: str, *labels: str, over: Literal["livesum", "livemax", "max"] = "livesum") -> Gauge:
    return Gauge(f"scoville_{name}", help_, labels, registry=REGISTRY, multiprocess_mode=over)


# Processes -----------------------------------------------------------------------------------------------------------

BUILD = _gauge("build_info", "Always 1; the label is the running version.", "version", over="livemax")
PROCESSES = _gauge("processes", "Processes behind this target.")
MEMORY = _gauge("process_resident_memory_bytes", "Resident memory of these processes.")
CPU = _counter("process_cpu_seconds_total", "CPU time used by these processes.")
LOOP_LAG = _gauge("event_loop_lag_seconds", "Delay of a one-second timer in the slowest process.", over="livemax")

# Requests ------------------------------------------------------------------------------------------------------------

REQUESTS = _counter("http_requests_total", "Answered requests; 499: the client had gone.", "method", "route", "status")
DURATION = _histogram(
    "http_request_duration_seconds", "Time to answer, without event streams.", REQUEST_SECONDS, "method", "route"
)
UNDER_WAY = _gauge("http_requests_in_flight", "Requests and event streams being answered.")

READS = _counter("inventory_reads_total", "Reads of the inventory, by source of the answer.", "source")
REPLICA_READS = _counter("replica_reads_total", "Reads that a standby may serve (SCOVILLE_READ_URL), by server.", "source")
KEPT = _gauge("inventory_kept_bytes", "Size of the answers cached in memory.")

# Lanes ---------------------------------------------------------------------------------------------------------------

LANE_QUEUED = _gauge("lane_queued_elements", "Elements of writes waiting for their batch.")
LANES = _gauge("lanes", "Lanes in use: one per command, region, role and scope, and one per caller with dry runs or lists.")
BATCHES = _histogram("lane_batch_elements", "Elements per transaction.", BATCH_ELEMENTS, "function")

# The pool of connections of the API ----------------------------------------------------------------------------------

POOL = _gauge("pool_connections", "Connections to the database, by state.", "state")
POOL_MAX = _gauge("pool_connections_max", "Largest number of connections in the pool.")
POOL_WAITING = _gauge("pool_waiting_requests", "Requests waiting for a connection.")
POOL_USES = _counter("pool_requests_total", "Requests for a connection.")
POOL_WAITED = _counter("pool_wait_seconds_total", "Time that requests waited for a connection.")
POOL_REFUSALS = _counter("pool_refusals_total", "Requests without a connection: by timeout or full queue.", "reason")
POOL_ERRORS = _counter("pool_connection_errors_total", "Failed attempts to connect.")
REPEATS = _counter("database_repeats_total", "Transactions tried again after a deadlock, a failover or a deploy.")

# The sequencer -------------------------------------------------------------------------------------------------------

SEQUENCERS = _gauge("sequencer_connected", "Sequencers with a working connection.")
SEQUENCER_BACKLOG = _gauge("sequencer_backlog_events", "Committed events not yet in the log.", over="livemax")
SEQUENCER_LAG = _gauge("sequencer_lag_seconds", "How long the oldest of these events has waited.", over="livemax")
NOTIFY_USAGE = _gauge("notify_queue_usage_ratio", "Share of PostgreSQL's queue of notifications that is in use.", over="livemax")
SEQUENCED = _counter("sequencer_events_total", "Events moved into the log by these processes.")

# Live ----------------------------------------------------------------------------------------------------------------

FOLLOWERS = _gauge("live_connected", "Processes that follow the event log.")
FOLLOW_LAG = _gauge("live_lag_seconds", "Age of the last event when it reached the sockets.", over="livemax")
FOLLOWED = _counter("live_events_total", "Events read from the log, by each process.")
SOCKETS = _gauge("live_sockets", "Open WebSockets.")
STREAMS = _gauge("live_streams", "Open event streams (SSE).")
FULL = _gauge("live_full_sockets", "WebSockets that accept no data at the moment.")
BUFFERED = _gauge("live_buffered_bytes", "Bytes in buffers of full sockets.")
FRAMES = _counter("live_frames_total", "Frames written to WebSockets.")
SKIPPED = _counter("live_states_skipped_total", "States replaced by a newer one before they were sent to a socket.")
CUT_OFF = _counter("live_slow_sockets_closed_total", "WebSockets closed because they accepted no data.")

# The worker; the label is "task", because Prometheus uses "job" for a scrape target ----------------------------------------

JOBS = _counter("worker_job_runs_total", "Runs of a job.", "task", "result")
JOB_DURATION = _histogram("worker_job_duration_seconds", "Time of a run.", JOB_SECONDS, "task")
JOB_DONE = _gauge("worker_job_last_success_timestamp_seconds", "When the job last succeeded.", "task", over="max")
JOB_ROWS = _counter("worker_job_rows_total", "Rows processed by the job.", "task")

# Webhooks ------------------------------------------------------------------------------------------------------------

ATTEMPTS = _counter("webhook_attempts_total", "Attempts to deliver, by outcome.", "outcome")
ATTEMPT_DURATION = _histogram("webhook_attempt_duration_seconds", "Time of an attempt.", ATTEMPT_SECONDS)
DELIVERING = _gauge("webhook_requests_in_flight", "Attempts in progress.")
