-- Gives wrk one signed post after the other from a file: signature, tab, body.
local lines

function init(args)
  lines = io.lines(args[1])
end

function request()
  local line = lines()
  if line == nil then
    error("no posts left: raise PER_SECOND")
  end
  local signature, body = line:match("^(.-)\t(.*)$")
  return wrk.format("POST", nil, {
    ["Content-Type"] = "application/x-www-form-urlencoded",
    ["X-Twilio-Signature"] = signature,
  }, body)
end
