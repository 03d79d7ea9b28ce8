"""The service under mixed traffic for a while: does anything fail, grow, or pile up?

Keep-alive clients ask for predictions of one row and of up to 10,000, log in again every minute, read the manifest and
the like, and send requests that must be refused. Each answer's status and values are checked. Telemetry goes to a
process that stands in for Application Insights. First all clients send large batches together, so that threads and the
memory for the worst case are there before anything is judged. Every few seconds the server's memory, threads, open
files and processor time are read, beside the rate and the times of requests. The exit code is 1 when a promise is
broken.
"""
