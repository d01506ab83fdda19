-- What wrk sends, from the environment: METHOD, BODY (a file), ETAG; and what it prints in the end.
wrk.method = os.getenv("METHOD")
if os.getenv("BODY") then
  local file = io.open(os.getenv("BODY"), "rb")
  wrk.body = file:read("*a")
  file:close()
  wrk.headers["Content-Type"] = "application/json"
end
if os.getenv("ETAG") then
  wrk.headers["If-None-Match"] = os.getenv("ETAG")
end

function done(summary, latency, requests)
  local e = summary.errors
  local failed = e.connect + e.read + e.write + e.status + e.timeout
  print(string.format("TOLD %d %d %d %d %d", summary.requests, summary.duration, latency:percentile(50),
    latency:percentile(99), failed))
end
