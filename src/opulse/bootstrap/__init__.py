"""The only place that joins ports to adapters: keys, ports, routes, jobs, schedule, schema, and the running installation."""
