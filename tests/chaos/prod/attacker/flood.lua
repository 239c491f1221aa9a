-- 200 connections that ask every 100 ms are 2,000 requests a second, as long as each is
-- answered at once. At the end one line of JSON tells what was answered.
local paths = { "/", "/sign-in/", "/api/galleries/" }
local threads = {}

function setup(thread)
  table.insert(threads, thread)
end

function init()
  asked, good, refused, unavailable, other = 0, 0, 0, 0, 0
end

function delay()
  return 100
end

function request()
  asked = asked + 1
  return wrk.format("GET", paths[asked % #paths + 1])
end

function response(status)
  if status == 429 then refused = refused + 1
  elseif status == 503 then unavailable = unavailable + 1
  elseif status < 400 then good = good + 1
  else other = other + 1
  end
end

function done(summary, latency)
  local sums = { asked = 0, good = 0, refused = 0, unavailable = 0, other = 0 }
  for _, thread in ipairs(threads) do
    for name in pairs(sums) do sums[name] = sums[name] + thread:get(name) end
  end
  local format = '{"seconds": %.1f, "asked": %d, "good": %d, "refused": %d, '
    .. '"unavailable": %d, "other": %d, "broken": %d, "timeouts": %d, "p99_ms": %.0f}\n'
  local errors = summary.errors
  io.write(string.format(format, summary.duration / 1e6, sums.asked, sums.good, sums.refused,
    sums.unavailable, sums.other, errors.connect + errors.read + errors.write,
    errors.timeout, latency:percentile(99) / 1e3))
end
