-- Is an A-ASSOCIATE-RQ sound? Read as strictly as PS3.8 9.3.2 is written, before the archive sees it.
--
-- Orthanc 1.13.0 (DCMTK 3.7.0) neither answers nor closes after a request whose items it cannot read, and until that
-- peer leaves, or for 30 s, it serves nobody else: one device with a certificate could keep a hospital waiting.

local function u16(s, at) return s:byte(at) * 256 + s:byte(at + 1) end

-- Calls each(type, first, last) for the items between two positions; false where one runs over, or each says no.
local function items(s, first, last, each)
  while first <= last do
    if first + 3 > last then return false end
    local stop = first + 3 + u16(s, first + 2)
    if stop > last or not each(s:byte(first), first + 4, stop) then return false end
    first = stop + 1
  end
  return true
end

-- PS3.5 9.1: digits and dots, no empty component, at most 64 characters.
local function uid(s, first, last)
  local text = s:sub(first, last)
  return #text > 0 and #text <= 64 and not text:find("[^0-9.]") and not text:find("^%.") and not text:find("%.$")
    and not text:find("..", 1, true)
end

-- An inner length of two bytes and a UID, then at least so many bytes (54H, 56H, 57H).
local function counted_uid(s, first, last, more)
  if first + 1 > last then return false end
  local stop = first + 1 + u16(s, first)
  return stop + more <= last and uid(s, first + 2, stop)
end

local function identity(s, first, last)
  if first + 3 > last then return false end
  local second = first + 4 + u16(s, first + 2)
  return second + 1 <= last and second + 1 + u16(s, second) == last
end

local function context(s, first, last, seen)
  local id = s:byte(first)
  if last < first + 3 or id % 2 == 0 or seen[id] then return false end
  seen[id] = true
  local abstract, transfers = 0, 0
  local sound = items(s, first + 4, last, function(kind, a, b)
    if kind == 0x30 then abstract = abstract + 1 elseif kind == 0x40 then transfers = transfers + 1 else return false end
    return uid(s, a, b)
  end)
  return sound and abstract == 1 and transfers >= 1 and transfers <= 64
end

local function user(s, first, last)
  local maximum, seen = 0, {}
  local sound = items(s, first, last, function(kind, a, b)
    if kind ~= 0x54 and kind ~= 0x56 and kind ~= 0x57 then
      if seen[kind] then return false end
      seen[kind] = true
    end
    if kind == 0x51 then
      if b - a ~= 3 then return false end
      maximum = u16(s, a) * 65536 + u16(s, a + 2)
    elseif kind == 0x52 then return uid(s, a, b)
    elseif kind == 0x53 then return b - a == 3
    elseif kind == 0x54 then return counted_uid(s, a, b, 2)
    elseif kind == 0x56 or kind == 0x57 then return counted_uid(s, a, b, 0)
    elseif kind == 0x55 then return b >= a and b - a < 16
    elseif kind == 0x58 then return identity(s, a, b) end
    return true                                     -- unknown sub-items are to be ignored (PS3.7 D.3.3)
  end)
  return sound and seen[0x51] and seen[0x52] and (maximum == 0 or maximum >= 128)
end

-- Of the PDU without its header (type, reserved, length), which HAProxy hands over in hexadecimal; its fixed part is
-- 68 bytes.
core.register_converters("sound_associate", function(hex)
  local s = hex:gsub("%x%x", function(pair) return string.char(tonumber(pair, 16)) end)
  if #s < 68 then return "no" end
  local application, contexts, users, seen = 0, 0, 0, {}
  local sound = items(s, 69, #s, function(kind, first, last)
    if kind == 0x10 then
      application = application + 1
      return uid(s, first, last)
    elseif kind == 0x20 then
      contexts = contexts + 1
      return context(s, first, last, seen)
    elseif kind == 0x50 then
      users = users + 1
      return user(s, first, last)
    end
    return false                                    -- to be ignored (PS3.8 9.3.1), but the archive stumbles over it
  end)
  return sound and application == 1 and contexts >= 1 and users == 1 and "yes" or "no"
end)
