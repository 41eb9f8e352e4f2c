"""``make scale``: what docs/deploy.md puts on many machines, all on this one, under load, with losses.

PostgreSQL, Redis and PgBouncer (transaction mode) are Debian's programs with the files of deploy/, in a
folder of the run's own; two web servers behind the wall, three workers, two sweepers and beat are what the
units start.
N numbers are bought while wrk reads pages and the API, and in the middle a web server, a worker and a sweeper
are killed for good. Then all workspaces go through one session of PostgreSQL. Every answer has to be its own
workspace's. All of it stays on loopback, and ends.
"""
