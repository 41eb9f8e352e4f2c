-- For wrk: every answer has to be of the one workspace that asks. Arguments: its slug.
-- Numbers are called "of shop-N", so a list shows whose they are; a page also has its workspace's address in it.
local threads = {}

function setup(thread)
  table.insert(threads, thread)
end

function init(args)
  own, broken, refused, strange, marks = args[1], 0, 0, 0, 0
end

function response(status, headers, body)
  if status >= 500 then
    broken = broken + 1
  elseif status ~= 200 then
    refused = refused + 1
  else
    for slug in string.gmatch(body, "of (shop%-%d+)") do
      marks = marks + 1
      if slug ~= own then
        strange = strange + 1
      end
    end
  end
end

function done(summary, latency, requests)
  local sums = { broken = 0, refused = 0, strange = 0, marks = 0 }
  for _, thread in ipairs(threads) do
    for name, sum in pairs(sums) do
      sums[name] = sum + thread:get(name)
    end
  end
  local e = summary.errors
  sums.lost, sums.late = e.connect + e.read + e.write, e.timeout
  for name, sum in pairs(sums) do
    io.write(string.format("%s %d\n", name, sum))
  end
  for i = 1, #latency do
    local value, count = latency(i)
    io.write(string.format("took %d %d\n", value, count))
  end
end
